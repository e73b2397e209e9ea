// libFuzzer on the reader of .safetensors: any bytes give tensors or host::error, nothing else.
//   clang++-14 -std=c++20 -g -O1 -fsanitize=fuzzer,address,undefined -Iinclude tests/fuzz/import_safetensors.cpp
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include <offramp/host/import/safetensors.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace host = offramp::host;
  try {
    const host::state_dict dict = host::read_safetensors(std::span<const unsigned char>{data, size}, "fuzz");
    for (const auto& [name, tensor] : dict.tensors) {
      std::uint64_t count = 1;
      for (const std::int64_t side : tensor.shape) count *= static_cast<std::uint64_t>(side);
      if (count != tensor.values.size()) std::abort();
    }
  } catch (const host::error&) {}
  return 0;
}
