// Where a data set lies: the full one through OFFRAMP_DATA_DIR, otherwise the small slice that ships in examples/data.
#ifndef OFFRAMP_HOST_FIND_DATA_HPP
#define OFFRAMP_HOST_FIND_DATA_HPP

#include <cstdlib>
#include <filesystem>
#include <string>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>

// Where this source tree lies, from the build; without it only OFFRAMP_DATA_DIR is looked at.
#ifdef OFFRAMP_SOURCE_DIR
#define OFFRAMP_HOST_SOURCE_DIR OFFRAMP_SOURCE_DIR
#else
#define OFFRAMP_HOST_SOURCE_DIR ""
#endif

namespace offramp::inline OFFRAMP_ABI::host {

// The folder of a data set: $OFFRAMP_DATA_DIR/<name> where that variable is set, otherwise the slice of it under
// <source_dir>/examples/data. A variable that points nowhere is an error, never a silent fall back to the slice.
inline std::filesystem::path find_data(const std::string& name,
                                       const std::filesystem::path& source_dir = OFFRAMP_HOST_SOURCE_DIR) {
  if (const char* root = std::getenv("OFFRAMP_DATA_DIR"); root != nullptr && *root != '\0') {
    const auto dir = std::filesystem::path(root) / name;
    if (std::filesystem::is_directory(dir)) return dir;
    throw error("OFFRAMP_DATA_DIR is " + std::string(root) + ", but there is no folder " + dir.string() +
                "; create it (examples/fetch_data.sh downloads the full set), or unset the variable to use the slice "
                "in examples/data");
  }
  const auto slice = source_dir / "examples" / "data" / name;
  if (!source_dir.empty() && std::filesystem::is_directory(slice)) return slice;
  throw error("found no data set " + name + (source_dir.empty() ? "" : " at " + slice.string()) +
              "; set OFFRAMP_DATA_DIR to a folder that holds " + name +
              "/ (examples/fetch_data.sh downloads the full set), or give the path of the offramp source tree, whose "
              "examples/data holds a slice (compile definition OFFRAMP_SOURCE_DIR, or the second argument)");
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#undef OFFRAMP_HOST_SOURCE_DIR

#endif
