// What the benchmarks of all paths leave behind for the tables and goals at the end.
#ifndef BENCHMARKS_KERNELS_SUMMARY_HPP
#define BENCHMARKS_KERNELS_SUMMARY_HPP

#include <string>
#include <vector>

namespace benchmarked {

struct summary_row {
  std::string path, arithmetic, shape;  // shape: of the table of shapes, else empty
  std::string runs_on = {};             // the path whose code ran
  double per_cycle = 0, of_bound = 0;
  bool wrong = false;
};
inline std::vector<summary_row>& summary() {
  static std::vector<summary_row> all;
  return all;
}

// Products a cycle at most; 0: not known.
struct path_bound {
  std::string path;
  double binary = 0, int8 = 0, f32 = 0;
};
inline std::vector<path_bound>& bounds() {
  static std::vector<path_bound> all;
  return all;
}

void add_portable();
void add_avx2();
void add_avx512();
void add_avx512_vnni();
void add_avx512_popcnt();

}  // namespace benchmarked

#endif
