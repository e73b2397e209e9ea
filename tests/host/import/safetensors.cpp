#include <doctest/doctest.h>

#include <offramp/host/import/safetensors.hpp>

#include "tests/support/host_test.hpp"
#include "tests/support/import_files.hpp"

using namespace offramp::host;
using namespace offramp_test;

namespace {

std::string refusal(const std::string& header, std::size_t data_bytes = 8) {
  return message_of([&] { (void)read_safetensors(safetensors_file(header, bytes(data_bytes)), "w.safetensors"); });
}
bool says(const std::string& message, const std::string& part) {
  INFO(message);
  return message.starts_with("w.safetensors: ") && message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("tensors of several types, metadata passed over, places in any order") {
  bytes data = numbers<float>({1.5f, -2});
  for (const int b : {0x00, 0x3c, 0xc0, 0x3f, 0xff}) data.push_back(static_cast<unsigned char>(b));  // 1, 1.5, -1
  const state_dict dict = read_safetensors(safetensors_file(R"({"__metadata__": {"format": "pt"},
        "s": {"dtype": "I8", "shape": [1, 1], "data_offsets": [12, 13]},
        "w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
        "h": {"dtype": "F16", "shape": [], "data_offsets": [8, 10]},
        "b": {"dtype": "BF16", "shape": [1], "data_offsets": [10, 12]},
        "empty": {"dtype": "F64", "shape": [3, 0], "data_offsets": [13, 13]}}   )",
                                                            data),
                                           "w.safetensors");
  REQUIRE(dict.tensors.size() == 5);
  CHECK(dict.tensors.at("w").values == std::vector<float>{1.5f, -2});
  CHECK(dict.tensors.at("h").values == std::vector<float>{1});
  CHECK(dict.tensors.at("h").shape.empty());
  CHECK(dict.tensors.at("b").values == std::vector<float>{1.5f});
  CHECK(dict.tensors.at("s").values == std::vector<float>{-1});
  CHECK(dict.tensors.at("empty").values.empty());
}

TEST_CASE("every truncation is refused") {
  const bytes good = safetensors_file(R"({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}})", bytes(8));
  CHECK_NOTHROW((void)read_safetensors(good, "w.safetensors"));
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK(says(message_of([&] { (void)read_safetensors(std::span{good}.first(size), "w.safetensors"); }), "found"));
}

TEST_CASE("lies of the header are refused with the tensor and the numbers") {
  const auto with = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"w": {"dtype": )" + dtype + R"(, "shape": )" + shape + R"(, "data_offsets": )" + offsets + "}}";
  };
  CHECK(refusal(with("\"F32\"", "[2]", "[0, 8]")).empty());
  CHECK(says(refusal(with("\"F32\"", "[3]", "[0, 8]")), "tensor 'w': data_offsets are 0 to 8, expected 12 bytes for "
                                                        "shape [3]"));
  CHECK(says(refusal(with("\"F32\"", "[2]", "[8, 0]")), "data_offsets are 8 to 0, expected 8 bytes"));
  CHECK(says(refusal(with("\"F32\"", "[2]", "[0, 8]"), 7), "ends at byte 8, found only 7 bytes of numbers"));
  CHECK(says(refusal(with("\"F32\"", "[2]", "[0, 8]"), 9), "found 9 bytes of numbers, expected 8"));
  CHECK(says(refusal(with("\"F32\"", "[2]", "[4, 12]"), 12), "begins at byte 4, expected 0 (there is a hole)"));
  CHECK(says(refusal(with("\"F32\"", "[4294967296, 4294967296]", "[0, 8]")), "claims more than"));
  CHECK(says(refusal(with("\"F32\"", "[18446744073709551615]", "[0, 8]")), "claims more than"));
  CHECK(says(refusal(with("\"F32\"", "[-2]", "[0, 8]")), "shape is no list of counts"));
  CHECK(says(refusal(with("\"F32\"", "[2.0]", "[0, 8]")), "shape is no list of counts"));
  CHECK(says(refusal(with("\"F32\"", "2", "[0, 8]")), "shape is no list of counts"));
  CHECK(says(refusal(with("\"F32\"", "[2]", "[0, 8, 9]")), "data_offsets has 3 numbers, expected 2"));
  CHECK(says(refusal(with("\"F8\"", "[2]", "[0, 8]")), "the numbers are of type 'F8'"));
  CHECK(says(refusal(with("7", "[2]", "[0, 8]")), "found no dtype"));
  CHECK(says(refusal(R"({"w": {"dtype": "F32", "shape": [2]}})"), "data_offsets is missing"));
  CHECK(says(refusal(R"({"w": 3})"), "tensor 'w': found no object"));
  CHECK(says(refusal("[]"), "no JSON object"));
  CHECK(says(refusal("{\"w\": "), "the header is no JSON"));
  CHECK(says(refusal(""), "the header is no JSON"));
  CHECK(says(refusal("{\"a\":" + std::string(100000, '[')), "nests deeper"));
  CHECK(says(refusal(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
                         "b": {"dtype": "F32", "shape": [1], "data_offsets": [2, 6]}})",
                     6),
             "tensor 'b' begins at byte 2, expected 4 (it overlaps another)"));
  CHECK(says(refusal(R"({"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]},
                         "a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}})"),
             "tensor 'a' stands there twice"));
  CHECK(
      says(refusal("{}" + std::string(1u << 24, ' ')), "the header claims 16777218 bytes, expected at most 16777216"));
  bytes lie = safetensors_file("{}", {});
  lie[7] = 0xff;
  CHECK(says(message_of([&] { (void)read_safetensors(lie, "w.safetensors"); }), "the header claims "));
}
