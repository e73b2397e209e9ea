// CIFAR-10 (Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009): 32 x 32 colour photographs.
// Two forms: the official binary one (3073 bytes an image: label, then a red, a green and a blue plane), and packs of
// JPEG files (u8 label, u16 big-endian length, so many bytes of JPEG). Either may be gzip'ed, zlib reads both alike.
// Not part of offramp/host.hpp, because it needs libjpeg (-ljpeg); the CMake target is offramp::jpeg.
#ifndef OFFRAMP_HOST_CIFAR10_HPP
#define OFFRAMP_HOST_CIFAR10_HPP

#include <algorithm>
#include <cerrno>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <jpeglib.h>

#include <offramp/core/config.hpp>
#include <offramp/host/dataset.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/find_data.hpp>
#include <offramp/host/idx_dataset.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

inline constexpr int cifar_side = 32;
inline constexpr std::size_t cifar_plane = 32 * 32;
inline constexpr std::size_t cifar_record = 1 + 3 * cifar_plane;
inline constexpr std::size_t cifar_most = 1u << 20;  // images in one file; the whole set holds 60,000

inline labelled_images empty_cifar() {
  return {cifar_side,
          cifar_side,
          3,
          10,
          {},
          {},
          {"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}};
}

// All errors of libjpeg come here, and leave by longjmp: an exception would pass through frames of C.
struct jpeg_problem {
  jpeg_error_mgr manager;  // first: libjpeg gives back its address
  std::jmp_buf back;
  char text[JMSG_LENGTH_MAX];
};

// Pixels of one JPEG, NHWC, into `out`; returns false and says why in `problem`. No object with a destructor lives
// here, since longjmp would pass it by.
inline bool decode_jpeg(std::span<const std::uint8_t> file, int height, int width, std::uint8_t* out,
                        jpeg_problem& problem) {
  jpeg_decompress_struct state;
  state.err = jpeg_std_error(&problem.manager);
  problem.manager.error_exit = [](j_common_ptr s) {
    auto* const p = reinterpret_cast<jpeg_problem*>(s->err);
    s->err->format_message(s, p->text);
    std::longjmp(p->back, 1);
  };
  // A warning is libjpeg's word for damaged data that it can pad: not good enough for a training set.
  problem.manager.emit_message = [](j_common_ptr s, int level) {
    if (level < 0) s->err->error_exit(s);
  };
  jpeg_create_decompress(&state);
  if (setjmp(problem.back) != 0) {
    jpeg_destroy_decompress(&state);
    return false;
  }
  jpeg_mem_src(&state, file.data(), static_cast<unsigned long>(file.size()));
  jpeg_read_header(&state, TRUE);
  state.out_color_space = JCS_RGB;
  if (static_cast<int>(state.image_height) != height || static_cast<int>(state.image_width) != width) {
    std::snprintf(problem.text, sizeof problem.text, "is %u x %u, expected %d x %d", state.image_height,
                  state.image_width, height, width);
    jpeg_destroy_decompress(&state);
    return false;
  }
  jpeg_start_decompress(&state);
  while (state.output_scanline < state.output_height) {
    JSAMPROW row = out + static_cast<std::size_t>(state.output_scanline) * static_cast<std::size_t>(width) * 3;
    jpeg_read_scanlines(&state, &row, 1);
  }
  jpeg_finish_decompress(&state);
  jpeg_destroy_decompress(&state);
  return true;
}

inline gz_handle open_gz(const std::filesystem::path& path) {
  errno = 0;
  gz_handle file{gzopen(path.string().c_str(), "rb")};
  if (!file) throw error(path.string() + ": cannot open: " + std::strerror(errno));
  return file;
}

// zlib says only here that the compressed stream ended early.
inline void expect_whole_stream(gzFile file, const std::string& name) {
  int code = Z_OK;
  gzerror(file, &code);
  if (code == Z_BUF_ERROR) throw error(name + ": truncated: the compressed stream ends early");
}

inline void add_label(labelled_images& set, std::uint8_t label, const std::string& name) {
  if (label >= set.classes)
    throw error(name + ": label of image " + std::to_string(set.labels.size()) + " is " + std::to_string(label) +
                ", expected 0 to " + std::to_string(set.classes - 1));
  if (set.labels.size() == cifar_most)
    throw error(name + ": more than " + std::to_string(cifar_most) + " images, expected at most so many");
  set.labels.push_back(label);
}

// Adds the images of a file in the official binary form.
inline void add_cifar_binary(labelled_images& set, const std::filesystem::path& path) {
  const std::string name = path.string();
  const gz_handle file = open_gz(path);
  std::vector<std::uint8_t> record(cifar_record);
  std::size_t read = 0;
  for (;; ++read) {
    const std::size_t got = gz_read(file.get(), record.data(), cifar_record, name, "CIFAR-10 file");
    if (got < cifar_record) expect_whole_stream(file.get(), name);
    if (got == 0) break;
    if (got < cifar_record)
      throw error(name + ": truncated: found " + std::to_string(read * cifar_record + got) +
                  " bytes, expected a multiple of " + std::to_string(cifar_record));
    add_label(set, record[0], name);
    for (std::size_t i = 0; i < cifar_plane; ++i)
      for (std::size_t c = 0; c < 3; ++c) set.pixels.push_back(record[1 + c * cifar_plane + i]);
  }
  if (read == 0) throw error(name + ": is empty, expected CIFAR-10 images");
}

// Adds the images of a pack of JPEG files.
inline void add_jpeg_pack(labelled_images& set, const std::filesystem::path& path) {
  const std::string name = path.string();
  const gz_handle file = open_gz(path);
  std::vector<std::uint8_t> jpeg;
  jpeg_problem problem;
  std::size_t read = 0;
  for (;; ++read) {
    const auto truncated = [&](const char* what, std::size_t found, std::size_t expected) {
      return error(name + ": truncated: image " + std::to_string(read) + ": found " + std::to_string(found) +
                   " bytes of " + what + ", expected " + std::to_string(expected));
    };
    std::uint8_t head[3] = {};
    const std::size_t got = gz_read(file.get(), head, 3, name, "pack of JPEG files");
    if (got == 0) {
      expect_whole_stream(file.get(), name);
      break;
    }
    if (got < 3) throw truncated("label and length", got, 3);
    add_label(set, head[0], name);
    jpeg.resize(static_cast<std::size_t>(head[1]) << 8 | head[2]);
    const std::size_t bytes = gz_read(file.get(), jpeg.data(), jpeg.size(), name, "pack of JPEG files");
    if (bytes < jpeg.size()) throw truncated("JPEG", bytes, jpeg.size());
    const std::size_t at = set.pixels.size();
    set.pixels.resize(at + 3 * cifar_plane);
    if (!decode_jpeg(jpeg, cifar_side, cifar_side, set.pixels.data() + at, problem))
      throw error(name + ": image " + std::to_string(read) + ": " + problem.text);
  }
  if (read == 0) throw error(name + ": is empty, expected CIFAR-10 images");
}

// All files of a part: the first form that is there.
inline labelled_images read_cifar_part(const std::filesystem::path& dir,
                                       const std::vector<std::vector<std::string>>& binary, const std::string& pack) {
  const auto there = [&](const std::string& name) -> std::filesystem::path {
    for (const char* ending : {"", ".gz"})
      if (std::filesystem::is_regular_file(dir / (name + ending))) return dir / (name + ending);
    return {};
  };
  labelled_images set = empty_cifar();
  std::string tried;
  for (const auto& names : binary) {
    for (const auto& name : names) {
      const auto path = there(name);
      if (path.empty() && set.count() == 0) break;
      if (path.empty())
        throw error(dir.string() + ": found " + names.front() + " and no " + name + ", expected all " +
                    std::to_string(names.size()) + " parts");
      add_cifar_binary(set, path);
    }
    if (set.count() > 0) return set;
    tried += (names.size() > 1 ? names.front() + " to " + names.back() : names.front()) + ", ";
  }
  if (const auto path = there(pack); !path.empty()) add_jpeg_pack(set, path);
  if (set.count() == 0) throw error(dir.string() + ": found none of " + tried + pack + ", expected one of them");
  return set;
}

// The images at these places, in this order.
inline labelled_images pick(const labelled_images& from, const std::vector<int>& places) {
  labelled_images to{from.height, from.width, from.channels, from.classes, {}, {}, from.class_names};
  to.pixels.reserve(places.size() * from.image_size());
  for (const int i : places) {
    to.pixels.insert(to.pixels.end(), from.image(i), from.image(i) + from.image_size());
    to.labels.push_back(from.labels[static_cast<std::size_t>(i)]);
  }
  return to;
}

}  // namespace detail

// Reads data_batch_1.bin to data_batch_5.bin and test_batch.bin, or train.bin and test.bin, or train.jpegpack and
// test.jpegpack from dir, gzip'ed (.gz) or not. Validation is class-balanced and always the same: of each class the
// last 500 images of the train part (a tenth of a sixth where the part holds fewer than 30000). Throws `error` naming
// the file.
inline dataset cifar10(const std::filesystem::path& dir) {
  if (!std::filesystem::is_directory(dir))
    throw error(dir.string() + ": no such folder, expected one with the CIFAR-10 files");
  const labelled_images all = detail::read_cifar_part(
      dir,
      {{"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"},
       {"train.bin"}},
      "train.jpegpack");
  labelled_images test = detail::read_cifar_part(dir, {{"test_batch.bin"}, {"test.bin"}}, "test.jpegpack");
  const int each = std::max(1, detail::held_out(all.count(), dir.string()) / all.classes);
  std::vector<int> held(static_cast<std::size_t>(all.classes)), train, validation;
  for (int i = all.count(); i-- > 0;)
    (held[all.labels[static_cast<std::size_t>(i)]]++ < each ? validation : train).push_back(i);
  std::reverse(train.begin(), train.end());
  std::reverse(validation.begin(), validation.end());
  if (train.empty())
    throw error(dir.string() + ": the train part holds " + std::to_string(all.count()) +
                " images, expected more than the " + std::to_string(each) + " of each class kept for validation");
  return {detail::pick(all, train), detail::pick(all, validation), std::move(test)};
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
