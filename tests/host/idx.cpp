// The IDX reader against files that are right, and against every way in which one can be wrong.
#include <offramp/host/idx.hpp>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/host_test.hpp"

namespace host = offramp::host;
namespace fs = std::filesystem;

using offramp_test::message_of;

namespace {

struct folder : offramp_test::folder {
  fs::path put(const std::string& name, const std::vector<int>& bytes) const {
    std::ofstream out(path / name, std::ios::binary);
    for (const int b : bytes) out.put(static_cast<char>(b));
    return path / name;
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::vector<char> bytes_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("idx: plain images and labels, dimensions big-endian") {
  const folder at;
  const auto images = host::read_idx_images(
      at.put("images", {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 10, 20, 30, 40, 50, 255}));
  CHECK(images.count == 2);
  CHECK(images.height == 1);
  CHECK(images.width == 3);
  CHECK(images.pixels == std::vector<std::uint8_t>{10, 20, 30, 40, 50, 255});
  const auto labels = host::read_idx_labels(at.put("labels", {0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9}));
  CHECK(labels == std::vector<std::uint8_t>{7, 0, 9});
}

TEST_CASE("idx: what is written gzip'ed is read back, twice the same bytes, no temporary file left") {
  const folder at;
  std::vector<std::uint8_t> pixels(300 * 4 * 5);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>(i * 7 % 251);
  host::write_idx(at.path / "a.gz", {300, 4, 5}, pixels);
  host::write_idx(at.path / "b.gz", {300, 4, 5}, pixels);
  const auto images = host::read_idx_images(at.path / "a.gz");
  CHECK(images.count == 300);
  CHECK(images.height == 4);
  CHECK(images.width == 5);
  CHECK(images.pixels == pixels);
  const auto packed = bytes_of(at.path / "a.gz");
  CHECK(packed == bytes_of(at.path / "b.gz"));
  REQUIRE(packed.size() > 2);
  CHECK(packed[0] == '\x1f');  // really gzip
  CHECK(std::distance(fs::directory_iterator(at.path), fs::directory_iterator{}) == 2);
}

TEST_CASE("idx: each bad file has its message") {
  const folder at;
  const auto images = [&](const fs::path& path) { return message_of([&] { host::read_idx_images(path); }); };
  const auto labels = [&](const fs::path& path) { return message_of([&] { host::read_idx_labels(path); }); };

  CHECK(has(images(at.path / "absent"), "absent: no such file"));
  CHECK(has(images(at.path), "is a folder, expected an IDX file"));
  CHECK(has(labels(at.put("empty", {})), "empty: truncated: found 0 bytes of magic number, expected 4"));
  CHECK(has(labels(at.put("text", {'h', 'e', 'l', 'l', 'o'})), "begins with bytes 104 101, expected 0 0"));
  CHECK(has(labels(at.put("type", {0, 0, 11, 1, 0, 0, 0, 0})), "element type: found 11, expected 8"));
  const auto flat = at.put("flat", {0, 0, 8, 1, 0, 0, 0, 1, 5});
  CHECK(has(images(flat), "dimensions: found 1, expected 3 (images)"));
  CHECK(has(labels(at.put("deep", {0, 0, 8, 3, 0, 0, 0, 1})), "dimensions: found 3, expected 1 (labels)"));
  CHECK(has(images(at.put("head", {0, 0, 8, 3, 0, 0, 0, 1, 0})), "found 5 bytes of dimensions, expected 12"));
  CHECK(has(labels(at.put("short", {0, 0, 8, 1, 0, 0, 0, 4, 1, 2})), "found 2 bytes of elements, expected 4"));
  CHECK(has(labels(at.put("long", {0, 0, 8, 1, 0, 0, 0, 1, 1, 2})), "trailing bytes after the 1 that"));
  CHECK(has(images(at.put("zero", {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1})),
            "dimension 1 is 0, expected 1 to 16384"));
}

TEST_CASE("idx: a header that lies about its size is refused without the memory it asks for") {
  const folder at;
  const auto most = at.put("most", {0, 0, 8, 1, 255, 255, 255, 255, 1});
  CHECK(has(message_of([&] { host::read_idx_labels(most); }), "claims at least 4294967295 bytes, expected at most"));
  const auto wide = at.put("wide", {0, 0, 8, 3, 0, 0, 0, 1, 255, 0, 0, 0, 0, 0, 0, 1});
  CHECK(has(message_of([&] { host::read_idx_images(wide); }), "dimension 1 is 4278190080, expected 1 to 16384"));
  // 2^31 bytes are within the limit; the file ends long before.
  const auto large = at.put("large", {0, 0, 8, 3, 0, 0, 8, 0, 0, 0, 4, 0, 0, 0, 4, 0, 9});
  CHECK(has(message_of([&] { host::read_idx_images(large); }), "found 1 bytes of elements, expected 2147483648"));
}

TEST_CASE("idx: a gzip file cut anywhere, or with a wrong checksum, is refused") {
  const folder at;
  std::vector<std::uint8_t> labels(200);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::uint8_t>(i * i % 10);
  host::write_idx(at.path / "good.gz", {200}, labels);
  const auto good = bytes_of(at.path / "good.gz");
  const auto cut = at.path / "cut.gz";
  for (std::size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    std::ofstream(cut, std::ios::binary).write(good.data(), static_cast<std::streamsize>(size));
    const auto text = message_of([&] { host::read_idx_labels(cut); });
    CHECK(has(text, "cut.gz: "));
    if (size >= 24) CHECK(has(text, "truncated"));
  }
  auto wrong = good;
  wrong[wrong.size() - 6] ^= 1;  // in the checksum
  std::ofstream(cut, std::ios::binary).write(wrong.data(), static_cast<std::streamsize>(wrong.size()));
  CHECK(has(message_of([&] { host::read_idx_labels(cut); }), "cannot read"));
}

TEST_CASE("idx: writing where nobody can write names the folder and leaves the old file") {
  const folder at;
  const std::vector<std::uint8_t> labels{1, 2, 3};
  const auto nowhere = at.path / "missing";
  CHECK(has(message_of([&] { host::write_idx(nowhere / "x.gz", {3}, labels); }),
            "cannot write into folder " + nowhere.string()));
  CHECK(has(message_of([&] { host::write_idx(at.path / "x.gz", {4}, labels); }), "found 3 elements, expected 4"));
  CHECK_FALSE(fs::exists(at.path / "x.gz"));

  host::write_idx(at.path / "kept.gz", {3}, labels);
  fs::create_directory(at.path / "kept.gz.part");  // stands in the way of the temporary file
  const std::vector<std::uint8_t> others{4, 5, 6};
  CHECK_THROWS_AS(host::write_idx(at.path / "kept.gz", {3}, others), host::error);
  CHECK(host::read_idx_labels(at.path / "kept.gz") == labels);
  CHECK(fs::is_directory(at.path / "kept.gz.part"));  // what was not ours is not removed
}
