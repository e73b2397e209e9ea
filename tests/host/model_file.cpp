// Models as files: written whole or not at all, read whole or refused; a canonical one serves every path.
#include <offramp/host/model_file.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

#include <offramp/model/self_test.hpp>

#include "tests/model/tiny_model.hpp"
#include "tests/support/fake_path.hpp"
#include "tests/support/host_test.hpp"

using namespace offramp;
namespace fs = std::filesystem;
namespace word = format::word;

using offramp_test::message_of;

namespace {

using words_t = std::vector<std::uint32_t>;

std::string contents(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}
void write(const fs::path& file, const std::string& bytes) { std::ofstream{file, std::ios::binary} << bytes; }

// Message of reading a file of these bytes, without its folder.
std::string refused(const offramp_test::folder& at, const std::string& bytes) {
  const fs::path file = at.path / "m.ofrm";
  write(file, bytes);
  const std::string said = message_of([&] { static_cast<void>(host::load_model(file)); });
  REQUIRE(said.rfind(file.string(), 0) == 0);
  return said.substr(file.string().size());
}

// Large enough for every form of packed kernel, with a conversion of layout on the fake path.
using net = network<
    image<6, 6, 2>, stage<conv2d<33, 3>, batch_norm, sign, max_pool<2>>, exit_head<3>,
    stage<conv2d<40, 3, binary>, batch_norm, residual<sign, conv2d<40, 3, binary>, batch_norm>, conv2d<7, 3>, relu>,
    exit_head<3>>;
using device = lower<net>;

const host::labelled_images& images() {
  static const auto set = offramp_test::random_images({6, 6, 2}, 3, 4, 110);
  return set;
}
template <class Lowered, class Path>
words_t packed() {
  static const auto q = host::quantize<Lowered>(offramp_test::random_model(Lowered::network::view(), 111), images(), 1);
  return host::pack_model<Lowered, Path>(q, {{{70, 71}}, {}, {}}, {images().image(1), images().image_size()});
}

}  // namespace

TEST_CASE("model_file: what was saved is loaded, and the file's bytes are the header's words") {
  const offramp_test::folder at;
  const fs::path file = at.path / "tiny.ofrm";
  const auto w = tiny::words();
  host::save_model(w, file);
  CHECK(host::load_model(file) == w);
  CHECK(at.files() == 1);
  const std::string bytes = contents(file);
  REQUIRE(bytes.size() == 4 * w.size());
  for (std::size_t i = 0; i < bytes.size(); ++i)
    CHECK(static_cast<unsigned char>(bytes[i]) == ((w[i / 4] >> (8 * (i % 4))) & 0xffu));
  CHECK(bytes.substr(0, 4) == "ofrm");
  // The generated header holds the same words, in the same order.
  const std::string text = host::header_text(host::load_model(file), "portable", "w", "");
  std::string listed;
  for (const std::uint32_t v : w) {
    char number[16];
    std::snprintf(number, sizeof number, "0x%x,", static_cast<unsigned>(v));
    listed += number;
  }
  std::string found = text.substr(text.find("{{") + 3);
  found = found.substr(0, found.find("}}"));
  found.erase(std::remove(found.begin(), found.end(), '\n'), found.end());
  CHECK(found == listed);
}

TEST_CASE("model_file: the file is replaced whole or stays") {
  const offramp_test::folder at;
  const fs::path file = at.path / "tiny.ofrm";
  const auto w = tiny::words();
  host::save_model(w, file);
  auto broken = w;
  broken[30] ^= 1u;
  CHECK(message_of([&] {
          host::save_model(broken, file);
        }).rfind(file.string() + ": not written: refused: bad checksum", 0) == 0);
  CHECK(host::load_model(file) == w);
  const auto other = tiny::words<tiny::plain_device>();
  host::save_model(other, file);
  CHECK(host::load_model(file) == other);
  CHECK(at.files() == 1);
  const fs::path nowhere = at.path / "missing" / "m.ofrm";
  CHECK(message_of([&] { host::save_model(w, nowhere); }).rfind(nowhere.string() + ": cannot be written", 0) == 0);
}

TEST_CASE("model_file: what cannot be read says why") {
  const offramp_test::folder at;
  const auto w = tiny::words();
  const std::string n = std::to_string(w.size());
  host::save_model(w, at.path / "good.ofrm");
  const std::string good = contents(at.path / "good.ofrm");
  const auto with = [&](std::size_t i, char byte) {
    std::string bytes = good;
    bytes[i] = byte;
    return bytes;
  };
  CHECK(refused(at, good.substr(0, 101)) == ": found 101 bytes, expected a multiple of 4");
  CHECK(refused(at, "") == ": refused: too short: fewer bytes than the header needs or promises; found 0 words");
  CHECK(refused(at, good.substr(0, 44)) ==
        ": refused: too short: fewer bytes than the header needs or promises; found 11 words");
  const std::string length = ": refused: wrong length: the header's length is not that of the data, or of its parts";
  CHECK(refused(at, good.substr(0, 48)) == length + "; found 12 words, the header says " + n);
  CHECK(refused(at, good + "1234") ==
        length + "; found " + std::to_string(w.size() + 1) + " words, the header says " + n);
  CHECK(refused(at, std::string(400, 'x')) ==
        ": refused: bad magic: not an offramp model; found 0x78787878, expected 0x6d72666f");
  CHECK(refused(at, with(4, 1)) ==
        ": refused: old version: written in a format that is no longer read, export it again; found 1, expected 2");
  CHECK(refused(at, with(4, 3)) == ": refused: unknown version: written in a newer format; found 3, expected 2");
  const std::string changed = refused(at, with(60, static_cast<char>(good[60] + 1)));
  CHECK(changed.rfind(": refused: bad checksum: the bytes were changed after writing; found 0x", 0) == 0);
  CHECK(changed.find(", stored 0x") != std::string::npos);
  // A header that contradicts itself, with a checksum that fits.
  auto lie = w;
  lie[word::exits] = 65536;
  tiny::mend(lie);
  std::string bytes(4 * lie.size(), '\0');
  bytes_from_words(lie.data(), lie.size(), reinterpret_cast<unsigned char*>(bytes.data()));
  CHECK(refused(at, bytes) == ": refused: bad header: a number of the header cannot be");
  // No file, a folder.
  const fs::path missing = at.path / "missing.ofrm";
  CHECK(message_of([&] { static_cast<void>(host::load_model(missing)); }) ==
        missing.string() + ": cannot be read: expected a model file");
  CHECK(message_of([&] { static_cast<void>(host::load_model(at.path)); }) ==
        at.path.string() + ": cannot be read: expected a model file");
}

TEST_CASE("model_file: a file whose length is only claimed is refused before it is read") {
  const offramp_test::folder at;
  const fs::path file = at.path / "sparse.ofrm";
  auto w = tiny::words();
  w[word::total] = 0xffffffffu;
  std::string bytes(48, '\0');
  bytes_from_words(w.data(), 12, reinterpret_cast<unsigned char*>(bytes.data()));
  write(file, bytes);
  std::error_code failed;
  fs::resize_file(file, std::uintmax_t{4} << 32, failed);  // 16 GB of nothing: not on every file system
  if (failed) fs::resize_file(file, 1 << 20);
  CHECK(message_of([&] { static_cast<void>(host::load_model(file)); }).find("wrong length") != std::string::npos);
}

TEST_CASE("model_file: a canonical model is packed anew as export would have packed it") {
  const auto canonical = packed<device, path::reference>();
  CHECK(host::is_canonical(canonical));
  CHECK_FALSE(host::is_canonical(packed<device, path::portable>()));
  CHECK(host::repack<device, path::portable>(canonical) == packed<device, path::portable>());
  CHECK(host::repack<device, path::fake>(canonical) == packed<device, path::fake>());
  CHECK(host::repack<device, path::reference>(canonical) == canonical);
  const auto real = packed<lower<net, f32>, path::reference>();
  CHECK(host::repack<lower<net, f32>, path::portable>(real) == packed<lower<net, f32>, path::portable>());
  // From another path there is no way back.
  CHECK(message_of([] { host::repack<device, path::fake>(packed<device, path::portable>(), "garment"); }) ==
        "garment: refused: wrong path: packed for another kernel path, or another version of it");
}

TEST_CASE("model_file: packed anew for a shorter network") {
  using shorter = lower<cut<net, 1>>;
  const auto canonical = packed<device, path::reference>();
  const auto words = host::repack<shorter, path::portable>(canonical);
  CHECK(words.size() < packed<device, path::portable>().size());
  host::deployed<shorter> s{words};
  CHECK(self_test(*s, words.data()) == status::ok);
  // Words of a reuse policy that grow with the number of exits shrink again.
  const auto policies = tiny::words<tiny::device, path::reference, tiny::weighted, tiny::mixing>(
      {{}, {1, 2, 3, 4, 5, 6}, {10, 11, 12, 13, 14, 15, 20, 21, 22, 23, 24, 25}});
  using tiny_cut = lower<cut<tiny::net, 1>>;
  const auto one = host::repack<tiny_cut, path::portable, tiny::weighted, tiny::mixing>(policies);
  CHECK(one[word::record_words] == 5 + 3 + 4);
  bound_weights<tiny_cut, path::portable, tiny::weighted, tiny::mixing> b;
  REQUIRE(tiny::try_bind(one, b) == status::ok);
  CHECK(b.record(0).threshold_q16(2) == 3);
  CHECK(b.reuse(0)[3] == 13);
}

TEST_CASE("model_file: loaded, ready to run") {
  const offramp_test::folder at;
  const fs::path canonical = at.path / "canonical.ofrm";
  const fs::path fake = at.path / "fake.ofrm";
  const auto q = host::quantize<device>(offramp_test::random_model(net::view(), 111), images(), 1);
  host::export_model<device>(q, {{{70, 71}}, {}, {}}, {images().image(1), images().image_size()}, canonical);
  CHECK(host::load_model(canonical) == packed<device, path::reference>());
  host::save_model(packed<device, path::fake>(), fake);

  auto portable = host::load<device>(canonical);
  auto reference = host::load<device, path::reference>(canonical);
  auto from_canonical = host::load<device, path::fake>(canonical);
  auto from_packed = host::load<device, path::fake>(fake);
  CHECK(self_test(*portable, portable.words().data()) == status::ok);
  CHECK(self_test(*reference, reference.words().data()) == status::ok);
  CHECK(self_test(*from_canonical, from_canonical.words().data()) == status::ok);
  CHECK(self_test(*from_packed, from_packed.words().data()) == status::ok);
  CHECK(std::ranges::equal(from_canonical.words(), from_packed.words()));
  // Thresholds came along.
  const std::span<const std::uint8_t> x{images().image(0), images().image_size()};
  CHECK(host::classify(*portable, x).exit == 0);

  CHECK(message_of([&] { host::load<device>(fake); }) ==
        fake.string() + ": refused: wrong path: packed for another kernel path, or another version of it");
  CHECK(message_of([&] { host::load<lower<net, f32>>(canonical); }) ==
        canonical.string() + ": refused: wrong network: the structure hash belongs to another network");
}
