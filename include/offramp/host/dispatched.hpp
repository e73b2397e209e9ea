// One network on the best path of the CPU it lands on, chosen at run time and without compiler flags: from a canonical
// model, packed once for that path, in memory of its own. What `Paths` lists (paths/x86.hpp) is what is compiled in.
#ifndef OFFRAMP_HOST_DISPATCHED_HPP
#define OFFRAMP_HOST_DISPATCHED_HPP

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <offramp/host/deployed.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/model_file.hpp>
#include <offramp/kernels/path_list.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// One path of a list, seen from this CPU.
struct path_entry {
  std::string_view name, about;
  bool runs_here = false;
  bool best = false;  // the one that is taken where nobody names another
};

// All paths of a list, best first.
template <class Paths>
std::vector<path_entry> paths_here() {
  std::vector<path_entry> all;
  const auto best = static_cast<std::size_t>(Paths::best_here());
  Paths::for_each([&]<class P>() { all.push_back({P::name, P::about, kernels::runs_here<P>(), all.size() == best}); });
  return all;
}

// "avx512_popcnt (not on this CPU), avx512 (best here), avx2, portable"
template <class Paths>
std::string describe_paths() {
  std::string text;
  for (const path_entry& p : paths_here<Paths>()) {
    if (!text.empty()) text += ", ";
    text += p.name;
    if (!p.runs_here) text += " (not on this CPU)";
    if (p.best) text += " (best here)";
  }
  return text;
}

// Place in the list of the path called `name`; empty: of the best one. Throws where there is no such path, or this CPU
// does not run it.
template <class Paths>
std::size_t choose_path(std::string_view name = {}) {
  if (name.empty()) return static_cast<std::size_t>(Paths::best_here());
  const std::vector<path_entry> all = paths_here<Paths>();
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].name == name && all[i].runs_here) return i;
  throw error("path '" + std::string{name} + "' cannot be had; there are: " + describe_paths<Paths>());
}

template <class Lowered, class Paths, exit_criterion Criterion = max_softmax, class Reuse = no_reuse>
class dispatched {
  template <class Path>
  using deployed_on = deployed<Lowered, Path, Criterion, Reuse>;
  template <class List>
  struct any_of;
  template <class... Ps>
  struct any_of<path::list<Ps...>> {
    using type = std::variant<std::unique_ptr<deployed_on<Ps>>...>;
    // One for each path, in the order of the list: makes the session of that path.
    static constexpr type (*make[])(std::span<const std::uint32_t>, const std::string&) = {
        [](std::span<const std::uint32_t> words, const std::string& name) -> type {
          return std::make_unique<deployed_on<Ps>>(repack<Lowered, Ps, Criterion, Reuse>(words, name), name);
        }...};
  };
  using any = typename any_of<Paths>::type;

 public:
  using any_session = session<Lowered, path::portable, Criterion, Reuse>;  // what does not depend on the path
  using input_view = typename any_session::input_view;
  using thresholds_type = typename any_session::thresholds_type;
  using logit = typename any_session::logit;

  // `canonical`: the words of a model packed for path::reference, as export_model writes them. `path`: the name of a
  // path of the list; empty: the best that runs here. Throws where the words are refused (naming `name`) or the path
  // cannot be had.
  explicit dispatched(std::span<const std::uint32_t> canonical, std::string_view path = {},
                      const std::string& name = "model")
      : at_{choose_path<Paths>(path)}, model_{any_of<Paths>::make[at_](canonical, name)} {}
  explicit dispatched(const std::filesystem::path& file, std::string_view path = {})
      : dispatched{load_model(file), path, file.string()} {}

  // The path it runs on.
  [[nodiscard]] std::string_view path() const { return paths_here<Paths>()[at_].name; }

  // Hands the session, of whatever path, to `use`: for all that is not below.
  template <class Use>
  decltype(auto) with_session(Use&& use) {
    return std::visit([&](auto& m) -> decltype(auto) { return std::forward<Use>(use)(**m); }, model_);
  }

  // As session's.
  template <class... Thresholds>
  prediction classify(input_view x, const Thresholds&... thresholds) {
    return with_session([&](auto& s) { return s.classify(x, thresholds...); });
  }
  template <class... Thresholds>
  prediction classify(std::span<const typename any_session::input_element> x, const Thresholds&... thresholds) {
    return with_session([&](auto& s) { return s.classify(checked_input<any_session>(x), thresholds...); });
  }
  void begin(input_view x) {
    with_session([&](auto& s) { s.begin(x); });
  }
  bool step() {
    return with_session([](auto& s) { return s.step(); });
  }
  [[nodiscard]] prediction best() {
    return with_session([](auto& s) { return s.best(); });
  }
  [[nodiscard]] const logit* logits() {
    return with_session([](auto& s) { return s.logits(); });
  }

 private:
  std::size_t at_;
  any model_;
};

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
