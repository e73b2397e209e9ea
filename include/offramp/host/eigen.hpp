// Eigen as the host room uses it: row-major views of plain memory, and products whose blocking (hence rounding) is the
// same on every machine, because the cache sizes it assumes are fixed here instead of asked from the CPU.
#ifndef OFFRAMP_HOST_EIGEN_HPP
#define OFFRAMP_HOST_EIGEN_HPP

// Threads are ours (host/parallel.hpp); Eigen would start its own inside them under OpenMP.
#ifndef EIGEN_DONT_PARALLELIZE
#define EIGEN_DONT_PARALLELIZE
#endif
#include <Eigen/Core>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

template <class T>
using row_major = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using matrix_view = Eigen::Map<row_major<T>>;
template <class T>
using const_matrix_view = Eigen::Map<const row_major<T>>;
template <class T>
using array_view = Eigen::Map<Eigen::Array<T, Eigen::Dynamic, 1>>;
template <class T>
using const_array_view = Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, 1>>;

// To be called before products whose last bit matters. Sizes in bytes: first level, second, last per core.
inline void fix_blocking() {
  static const bool once = [] {
    Eigen::setCpuCacheSizes(32 * 1024, 1024 * 1024, 2 * 1024 * 1024);
    return true;
  }();
  static_cast<void>(once);
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
