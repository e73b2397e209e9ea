#include <doctest/doctest.h>

#include <offramp/host/import/npz.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/import_files.hpp"

using namespace offramp::host;
using namespace offramp_test;

namespace {

std::string refusal(const bytes& file) {
  return message_of([&] { (void)read_npz(file, "w.npz"); });
}
bool says(const std::string& message, const std::string& part) {
  INFO(message);
  return message.find(part) != std::string::npos;
}
const bytes one = npy_floats("(2,)", {1, 2});
const bytes four = npy_floats("(2, 2)", {3, 4, 5, 6});

}  // namespace

TEST_CASE("arrays of stored and deflated archives, under their names") {
  for (const bool deflated : {false, true}) {
    const state_dict dict = read_npz(zip_file_of({{"a.weight.npy", one}, {"b.npy", four}}, deflated), "w.npz");
    REQUIRE(dict.tensors.size() == 2);
    CHECK(dict.source == "w.npz");
    CHECK(dict.tensors.at("a.weight").values == std::vector<float>{1, 2});
    CHECK(dict.tensors.at("b").shape == tensor_shape{2, 2});
    CHECK(dict.tensors.at("b").values == std::vector<float>{3, 4, 5, 6});
  }
}

TEST_CASE("what is no archive of arrays is refused") {
  CHECK(says(refusal({}), "w.npz: an empty file or archive"));
  CHECK(says(refusal(as_bytes("PK, or so it says, and then something else")), "w.npz: not a zip archive: "));
  CHECK(refusal(zip_file_of({{"readme.txt", one}})) == "w.npz: found the entry 'readme.txt', expected only NAME.npy");
  CHECK(says(refusal(zip_file_of({{"archive/data.pkl", one}})), "w.npz: a file of torch.save"));
  CHECK(says(refusal(zip_file_of({{"a.npy", as_bytes("no array at all")}})), "w.npz: tensor 'a': bad magic"));
  bytes cut = one;
  cut.pop_back();
  CHECK(says(refusal(zip_file_of({{"b.npy", four}, {"a.npy", cut}})), "w.npz: tensor 'a': truncated: found "));
}

TEST_CASE("changed bytes and truncations: the same tensors or an error, never anything else") {
  for (const bool deflated : {false, true}) {
    const bytes good = zip_file_of({{"a.npy", one}, {"b.npy", four}}, deflated);
    const state_dict dict = read_npz(good, "w.npz");
    int refused = 0, read = 0, changed = 0;
    for (std::size_t at = 0; at < good.size(); ++at)
      for (int bit = 0; bit < 8; ++bit) {
        bytes file = good;
        file[at] = static_cast<unsigned char>(file[at] ^ 1u << bit);
        try {
          const state_dict got = read_npz(file, "w.npz");
          ++read;
          for (const auto& [name, tensor] : got.tensors)  // names and dates are not under the checksum
            for (const auto& [real, expected] : dict.tensors)
              changed += name == real && tensor.values != expected.values ? 1 : 0;
        } catch (const error& e) { ++refused; }
      }
    CHECK(changed == 0);
    CHECK(refused > read);
    for (std::size_t size = 0; size < good.size(); ++size) {
      bytes file = good;
      file.resize(size);
      CHECK(refusal(file) != "");
    }
  }
}

TEST_CASE("an archive that unpacks to more than the limit is refused, not unpacked") {
  // 1 MiB of zeros packs a thousandfold; its entry is listed 300 times.
  const bytes zeros = npy_file("{'descr': '|u1', 'fortran_order': False, 'shape': (1048576,)}", bytes(1u << 20));
  named_bytes files;
  for (int i = 0; i < 300; ++i) files.push_back({"t" + std::to_string(i) + ".npy", zeros});
  const bytes file = zip_file_of(files);
  CHECK(file.size() < 1u << 20);
  CHECK(says(refusal(file), "take more than 268435456 bytes together"));
}
