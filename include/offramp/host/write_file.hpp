// Files appear whole or not at all: written beside their place under another name, then renamed. What stood there
// before is lost only when the new one is complete.
#ifndef OFFRAMP_HOST_WRITE_FILE_HPP
#define OFFRAMP_HOST_WRITE_FILE_HPP

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// Throws, naming the file, when the folder is missing or read-only or the disk is full.
inline void write_file(const std::filesystem::path& path, std::string_view contents) {
  const std::filesystem::path part = path.string() + ".part";
  std::ofstream out{part, std::ios::binary | std::ios::trunc};
  if (!out)
    throw error(path.string() +
                ": cannot be written: expected an existing folder with write permission, found none at " +
                (path.has_parent_path() ? path.parent_path().string() : std::string{"."}));
  out.write(contents.data(), static_cast<std::streamsize>(contents.size()));
  out.close();
  std::error_code failed;
  if (!out) {
    std::filesystem::remove(part, failed);
    throw error(path.string() + ": writing " + std::to_string(contents.size()) + " bytes failed (disk full?)");
  }
  std::filesystem::rename(part, path, failed);
  if (failed) {
    const std::string why = failed.message();
    std::filesystem::remove(part, failed);
    throw error(path.string() + ": cannot be replaced: " + why);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
