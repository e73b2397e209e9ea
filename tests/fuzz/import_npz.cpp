// libFuzzer on the reader of .npz, and of the .npy files in it: any bytes give tensors or host::error, nothing else.
//   clang++-14 -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -Iinclude tests/fuzz/import_npz.cpp -lzip
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include <offramp/host/import/npz.hpp>

namespace {

// Values and shape belong together.
void check(const offramp::host::named_tensor& t) {
  std::uint64_t count = 1;
  for (const std::int64_t side : t.shape) count *= static_cast<std::uint64_t>(side);
  if (count != t.values.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace host = offramp::host;
  if (size == 0) return 0;
  const std::span<const unsigned char> bytes{data, size};
  // Checksums stop most mutants of an archive, so every other input is an array without one.
  try {
    if (data[0] == 'P')
      for (const auto& [name, tensor] : host::read_npz(bytes, "fuzz.npz").tensors) check(tensor);
    else
      check(host::read_npy(bytes, "fuzz.npy"));
  } catch (const host::error&) {}
  return 0;
}
