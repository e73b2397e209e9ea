// Files appear whole or not at all, and what stood there is kept when something fails.
#include <offramp/host/write_file.hpp>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

namespace host = offramp::host;
namespace fs = std::filesystem;

namespace {

struct folder {
  fs::path path = fs::temp_directory_path() / ("offramp_write_file_" + std::to_string(getpid()));
  folder() { fs::create_directories(path); }
  ~folder() {
    std::error_code ignored;
    fs::permissions(path, fs::perms::owner_all, ignored);
    fs::remove_all(path, ignored);
  }
};

std::string contents(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}
std::string complaint(const fs::path& file) {
  try {
    host::write_file(file, "new");
  } catch (const host::error& problem) { return problem.what(); }
  return "";
}
int files_in(const fs::path& path) {
  return static_cast<int>(std::distance(fs::directory_iterator{path}, fs::directory_iterator{}));
}

}  // namespace

TEST_CASE("write_file: writes, replaces, and leaves nothing beside it") {
  const folder f;
  const fs::path file = f.path / "model.hpp";
  const std::string bytes{"\0line\r\n\xff", 8};
  host::write_file(file, bytes);
  CHECK(contents(file) == bytes);
  host::write_file(file, "other");
  CHECK(contents(file) == "other");
  host::write_file(file, "");
  CHECK(contents(file).empty());
  CHECK(files_in(f.path) == 1);
}

TEST_CASE("write_file: a missing folder is named, and not made") {
  const folder f;
  const fs::path file = f.path / "missing" / "model.hpp";
  CHECK(complaint(file) ==
        file.string() + ": cannot be written: expected an existing folder with write permission, found none at " +
            file.parent_path().string());
  CHECK(files_in(f.path) == 0);
}

TEST_CASE("write_file: a place that cannot be replaced keeps what it has") {
  const folder f;
  const fs::path file = f.path / "model.hpp";
  fs::create_directories(file);  // a folder of that name, not empty
  host::write_file(file / "kept", "old");
  CHECK(complaint(file).find(file.string() + ": cannot be replaced: ") == 0);
  CHECK(contents(file / "kept") == "old");
  CHECK(files_in(f.path) == 1);  // no part of the new file stays
}

TEST_CASE("write_file: a read-only folder keeps the old file") {
  const folder f;
  const fs::path file = f.path / "model.hpp";
  host::write_file(file, "old");
  fs::permissions(f.path, fs::perms::owner_read | fs::perms::owner_exec);
  if (access(f.path.c_str(), W_OK) == 0) {
    // root may write anywhere: then the part's place is taken instead, which fails the same way.
    fs::permissions(f.path, fs::perms::owner_all);
    fs::create_directories(f.path / "model.hpp.part");
  }
  CHECK(complaint(file).find(": cannot be written: expected an existing folder with write permission") !=
        std::string::npos);
  fs::permissions(f.path, fs::perms::owner_all);
  CHECK(contents(file) == "old");
}
