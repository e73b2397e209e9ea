// The one exception type of the host room. Its message names the file or field, what was found and what was expected,
// so that a user can mend the input without reading the source. Device rooms know no exceptions: they return `status`.
#ifndef OFFRAMP_HOST_ERROR_HPP
#define OFFRAMP_HOST_ERROR_HPP

#include <stdexcept>
#include <string>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
