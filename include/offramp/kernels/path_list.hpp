// Paths in order of preference, and which of them this CPU runs.
#ifndef OFFRAMP_KERNELS_PATH_LIST_HPP
#define OFFRAMP_KERNELS_PATH_LIST_HPP

#include <offramp/kernels/x86/cpu.hpp>

namespace offramp::inline OFFRAMP_ABI::path {

// Best first; the last one must run anywhere.
template <class... Paths>
struct list {
  static constexpr int size = sizeof...(Paths);

  // Calls `use.template operator()<Path>()` for each.
  template <class Use>
  static constexpr void for_each(Use use) {
    (use.template operator()<Paths>(), ...);
  }
  // Place of the first that this CPU runs.
  static int best_here() {
    int i = 0;
    static_cast<void>(((kernels::runs_here<Paths>() ? true : (++i, false)) || ...));
    return i;
  }
  // Place of the path of this name; -1: none.
  static constexpr int find(const char* name) {
    int i = 0;
    const bool found = ((same(Paths::name, name) ? true : (++i, false)) || ...);
    return found ? i : -1;
  }

 private:
  static constexpr bool same(const char* a, const char* b) {
    for (; *a != 0 && *a == *b; ++a, ++b) {}
    return *a == *b;
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::path

#endif
