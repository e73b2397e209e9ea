// A path is not tuned by a profile of another version of its kernels.
// expect: offramp: this profile is of another path or version of it, or malformed: measure this CPU again
// expect: profile_of_path<|wrong_version

#include <offramp/offramp.hpp>
#include <offramp/paths/tuned.hpp>

using namespace offramp;

constexpr cpu_profile<path::avx2> cpu = [] {
  cpu_profile<path::avx2> p;
  p.data.path_id = path::avx2::id;
#ifdef FAULTY
  p.data.path_version = path::avx2::version + 1;
#else
  p.data.path_version = path::avx2::version;
#endif
  p.data.node_count = p.data.leaf_count = 1;
  for (class_profile& c : p.data.classes) c.root = 0;
  return p;
}();

[[maybe_unused]] constexpr auto aligned = alignment_of<path::tuned<cpu>>;
