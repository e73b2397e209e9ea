#include <doctest/doctest.h>

#include <offramp/host/import/npy.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/import_files.hpp"

using namespace offramp::host;
using namespace offramp_test;

namespace {

named_tensor read(const std::string& dictionary, const bytes& data, unsigned char version = 1) {
  return read_npy(npy_file(dictionary, data, version), "x.npy");
}
std::string refusal(const std::string& dictionary, std::size_t data_bytes = 24) {
  return message_of([&] { (void)read(dictionary, bytes(data_bytes)); });
}
bool says(const std::string& message, const std::string& part) {
  INFO(message);
  return message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("versions 1 to 3, keys in any order, spaces, a trailing comma or none") {
  const bytes six = numbers<float>({1, 2, 3, 4, 5, 6});
  for (unsigned char version = 1; version <= 3; ++version) {
    const named_tensor t = read("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }      \n", six, version);
    CHECK(t.shape == tensor_shape{2, 3});
    CHECK(t.values == std::vector<float>{1, 2, 3, 4, 5, 6});
  }
  CHECK(read("{\"shape\":(6,),'fortran_order':False,'descr':'<f4'}", six).shape == tensor_shape{6});
  CHECK(read("{'descr': '<f4', 'fortran_order': False, 'shape': (2L, 3L)}", six).shape == tensor_shape{2, 3});
  CHECK(read("{'descr': '<i2', 'fortran_order': False, 'shape': ()}", numbers<std::int16_t>({-7})).values ==
        std::vector<float>{-7});
  CHECK(read("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 5)}", {}).values.empty());
}

TEST_CASE("Fortran order and big-endian numbers are turned into C order and ours") {
  // A [2][3] array whose element (r, c) is 10 r + c, first index fastest.
  const named_tensor t =
      read("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3)}", numbers<double>({0, 10, 1, 11, 2, 12}));
  CHECK(t.values == std::vector<float>{0, 1, 2, 10, 11, 12});
  const named_tensor deep = read("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 1, 3)}", {0, 10, 1, 11, 2, 12});
  CHECK(deep.values == std::vector<float>{0, 1, 2, 10, 11, 12});
  CHECK(read("{'descr': '>f4', 'fortran_order': False, 'shape': (1,)}", {0x3f, 0xc0, 0, 0}).values ==
        std::vector<float>{1.5f});
  CHECK(read("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}", {0, 1}).values == std::vector<float>{0, 1});
}

TEST_CASE("a file that is no NPY file, or is cut, says so") {
  const bytes good = npy_floats("(2, 3)", {1, 2, 3, 4, 5, 6});
  CHECK_NOTHROW((void)read_npy(good, "x.npy"));
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK(says(message_of([&] { (void)read_npy(std::span{good}.first(size), "x.npy"); }),
               "x.npy: truncated: found " + std::to_string(size)));
  bytes more = good;
  more.push_back(0);
  CHECK(says(message_of([&] { (void)read_npy(more, "x.npy"); }),
             "expected the " + std::to_string(good.size()) + " that shape [2, 3] takes"));
  bytes other = good;
  other[1] = 'M';
  CHECK(message_of([&] { (void)read_npy(other, "x.npy"); }) == "x.npy: bad magic: byte 1 is 77, expected 78 (NPY)");
  other = good;
  other[6] = 9;
  CHECK(message_of([&] { (void)read_npy(other, "x.npy"); }) == "x.npy: NPY version is 9, expected 1, 2 or 3");
  other = npy_file("", {}, 2);
  other[10] = 0x10;  // 2^20 bytes of header
  CHECK(says(message_of([&] { (void)read_npy(other, "x.npy"); }), "the NPY header claims 1048576 bytes"));
}

TEST_CASE("a dictionary that is wrong is refused with the reason") {
  CHECK(says(refusal("{'descr': '<f4', 'fortran_order': False}"), "one of the keys is missing"));
  CHECK(says(refusal("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (6,)}"), "'descr' twice"));
  CHECK(says(refusal("{'colour': '<f4', 'fortran_order': False, 'shape': (6,)}"), "found the key 'colour'"));
  CHECK(says(refusal("{'descr': '<f4', 'fortran_order': Maybe, 'shape': (6,)}"), "neither True nor False"));
  CHECK(says(refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (-6,)}"), "a side that is no number"));
  CHECK(says(refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}"), "too large"));
  CHECK(says(refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (9999, 9999)}"), "claims more than"));
  CHECK(says(refusal("{'descr': '<f4', 'fortran_order': False, 'shape': (6,)} more"), "behind the dictionary"));
  CHECK(says(refusal("{'descr': '<f4"), "does not end"));
  CHECK(says(refusal("(1, 2)"), "there is no '{'"));
  CHECK(says(refusal(""), "there is no '{'"));
  for (const char* type : {"|O", "<c8", "<f16", "<f1", "|S1", "<U1", "<f3", "f4", "|f4", "", "<V4"})
    CHECK(says(refusal("{'descr': '" + std::string{type} + "', 'fortran_order': False, 'shape': (6,)}"),
               "x.npy: the numbers are of type '" + std::string{type} + "'"));
  CHECK(says(refusal("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,)}"), "there is no string"));
}
