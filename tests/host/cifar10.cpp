// CIFAR-10 from made-up files: both forms, plain and gzip'ed, and what is said of damaged ones.
#include <offramp/host/cifar10.hpp>

#include <array>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "tests/support/host_test.hpp"

namespace host = offramp::host;
namespace fs = std::filesystem;

using offramp_test::folder;
using offramp_test::message_of;
using bytes = std::vector<std::uint8_t>;

namespace {

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void put(const fs::path& path, const bytes& content) {
  std::ofstream{path, std::ios::binary}.write(reinterpret_cast<const char*>(content.data()),
                                              static_cast<std::streamsize>(content.size()));
}
void put_gz(const fs::path& path, const bytes& content) {
  gzFile file = gzopen(path.string().c_str(), "wb");
  gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
  gzclose(file);
}

// Images whose red, green and blue planes are constant: 10 * label, 100 + label, 200 + number.
bytes binary_images(const bytes& labels) {
  bytes all;
  for (std::size_t n = 0; n < labels.size(); ++n) {
    all.push_back(labels[n]);
    const std::array<std::size_t, 3> planes{10u * labels[n], 100u + labels[n], 200u + n};
    for (const std::size_t v : planes) all.insert(all.end(), 1024, static_cast<std::uint8_t>(v));
  }
  return all;
}

// A JPEG of one colour.
bytes jpeg_of(std::array<std::uint8_t, 3> colour, unsigned side = 32) {
  jpeg_compress_struct state;
  jpeg_error_mgr errors;
  state.err = jpeg_std_error(&errors);
  jpeg_create_compress(&state);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&state, &memory, &size);
  state.image_width = state.image_height = side;
  state.input_components = 3;
  state.in_color_space = JCS_RGB;
  jpeg_set_defaults(&state);
  jpeg_set_quality(&state, 100, TRUE);
  jpeg_start_compress(&state, TRUE);
  bytes line;
  for (unsigned i = 0; i < side; ++i) line.insert(line.end(), colour.begin(), colour.end());
  while (state.next_scanline < side) {
    JSAMPROW row = line.data();
    jpeg_write_scanlines(&state, &row, 1);
  }
  jpeg_finish_compress(&state);
  jpeg_destroy_compress(&state);
  bytes out(memory, memory + size);
  std::free(memory);
  return out;
}

bytes record(std::uint8_t label, const bytes& jpeg) {
  bytes all{label, static_cast<std::uint8_t>(jpeg.size() >> 8), static_cast<std::uint8_t>(jpeg.size())};
  all.insert(all.end(), jpeg.begin(), jpeg.end());
  return all;
}

const bytes thirty{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};

}  // namespace

TEST_CASE("cifar10: planes become pixels; of each class the last images are for validation") {
  const folder at;
  put(at.path / "train.bin", binary_images(thirty));
  put_gz(at.path / "test.bin.gz", binary_images({7, 2}));
  const host::dataset d = host::cifar10(at.path);
  CHECK(d.train.labels == bytes(thirty.begin(), thirty.begin() + 20));
  CHECK(d.validation.labels == bytes(thirty.begin() + 20, thirty.end()));
  CHECK(d.validation.image(0)[2] == 220);
  CHECK(d.test.labels == bytes{7, 2});
  CHECK(bytes(d.test.image(0), d.test.image(0) + 6) == bytes{70, 107, 200, 70, 107, 200});
  CHECK(bytes(d.test.image(1) + 3069, d.test.image(1) + 3072) == bytes{20, 102, 201});
  CHECK(d.test.class_name(7) == "horse");
  CHECK(d.train.height == 32);
  CHECK(d.train.channels == 3);
}

TEST_CASE("cifar10: the official five files, all of them") {
  const folder at;
  put(at.path / "test_batch.bin", binary_images({1}));
  for (const char n : {'1', '2', '3', '4'})
    put(at.path / ("data_batch_" + std::string{n} + ".bin"), binary_images(thirty));
  CHECK(has(message_of([&] { host::cifar10(at.path); }),
            "found data_batch_1.bin and no data_batch_5.bin, expected all 5 parts"));
  put(at.path / "data_batch_5.bin", binary_images(thirty));
  const host::dataset d = host::cifar10(at.path);
  CHECK(d.train.count() == 130);  // a sixth of 150 is 25: two of each class
  CHECK(d.validation.count() == 20);
}

TEST_CASE("cifar10: packs of JPEG files") {
  const folder at;
  bytes pack;
  const bytes grey = jpeg_of({128, 128, 128});
  for (const std::uint8_t label : thirty) {
    const bytes one = record(label, grey);
    pack.insert(pack.end(), one.begin(), one.end());
  }
  put_gz(at.path / "train.jpegpack.gz", pack);
  put(at.path / "test.jpegpack", record(3, jpeg_of({250, 120, 10})));
  const host::dataset d = host::cifar10(at.path);
  CHECK(d.train.count() == 20);
  CHECK(d.train.image(4)[77] == 128);
  CHECK(d.test.labels == bytes{3});
  for (std::size_t i = 0; i < 1024; i += 100) {
    CHECK(std::abs(d.test.image(0)[3 * i] - 250) <= 3);
    CHECK(std::abs(d.test.image(0)[3 * i + 1] - 120) <= 3);
    CHECK(std::abs(d.test.image(0)[3 * i + 2] - 10) <= 3);
  }

  const auto read = [&] { return message_of([&] { host::cifar10(at.path); }); };
  const auto test = [&](const bytes& content) { put(at.path / "test.jpegpack", content); };
  const bytes good = record(3, grey);
  test(record(10, grey));
  CHECK(has(read(), "test.jpegpack: label of image 0 is 10, expected 0 to 9"));
  test(record(3, jpeg_of({1, 2, 3}, 16)));
  CHECK(has(read(), "test.jpegpack: image 0: is 16 x 16, expected 32 x 32"));
  test(bytes(good.begin(), good.end() - 9));
  CHECK(has(read(), "truncated: image 0: found " + std::to_string(grey.size() - 9) + " bytes of JPEG, expected " +
                        std::to_string(grey.size())));
  test({3, 0});
  CHECK(has(read(), "found 2 bytes of label and length, expected 3"));
  bytes cut = grey;
  cut.resize(cut.size() - 40);  // the record is whole, the JPEG in it is not
  test(record(3, cut));
  CHECK(has(read(), "test.jpegpack: image 0: "));
  test(record(3, {1, 2, 3, 4}));
  CHECK(has(read(), "test.jpegpack: image 0: Not a JPEG file"));
  test({});
  CHECK(has(read(), "test.jpegpack: is empty"));
  test(good);
  CHECK(read().empty());
}

TEST_CASE("cifar10: folders and files that do not fit") {
  const folder at;
  const auto read = [&] { return message_of([&] { host::cifar10(at.path); }); };
  CHECK(has(message_of([&] { host::cifar10(at.path / "absent"); }), "absent: no such folder"));
  CHECK(has(read(), "found none of data_batch_1.bin to data_batch_5.bin, train.bin, train.jpegpack, expected one"));
  put(at.path / "train.bin", binary_images({1, 2, 3, 4, 5}));
  CHECK(has(read(), "found none of test_batch.bin, test.bin, test.jpegpack"));
  put(at.path / "test.bin", binary_images({1}));
  CHECK(has(read(), "the train part holds 5 images, expected at least 6"));
  bytes images = binary_images(thirty);
  images.pop_back();
  put(at.path / "train.bin", images);
  CHECK(has(read(), "train.bin: truncated: found 92189 bytes, expected a multiple of 3073"));
  put(at.path / "train.bin", binary_images({1, 2, 12}));
  CHECK(has(read(), "label of image 2 is 12, expected 0 to 9"));
  put(at.path / "train.bin", {});
  CHECK(has(read(), "train.bin: is empty"));
  put(at.path / "train.bin", binary_images({1, 1, 1, 1, 1, 1}));
  CHECK(read().empty());  // a class of its own keeps five, one is held out
  put_gz(at.path / "whole.gz", binary_images(thirty));
  bytes packed(static_cast<std::size_t>(fs::file_size(at.path / "whole.gz")));
  std::ifstream{at.path / "whole.gz", std::ios::binary}.read(reinterpret_cast<char*>(packed.data()),
                                                             static_cast<std::streamsize>(packed.size()));
  fs::remove(at.path / "train.bin");
  packed.resize(packed.size() / 2);
  put(at.path / "train.bin.gz", packed);
  CHECK(has(read(), "train.bin.gz: truncated"));
}
