// Paths: how arithmetic is done on a CPU. A path is a type; what it does not do itself it leaves to its parent, and at
// the end of every chain stands `reference`. A path has an id (stored in packed models) and a version of its variant
// rules and packed layouts: change the version whenever either changes. `about` says in a few words what it is;
// `alignment`, bytes, where tensors and weights should begin (16 if it does not say).
#ifndef OFFRAMP_KERNELS_PATH_HPP
#define OFFRAMP_KERNELS_PATH_HPP

#include <cstdint>

#include <offramp/kernels/op.hpp>
#include <offramp/kernels/reckoning.hpp>

namespace offramp::inline OFFRAMP_ABI {

namespace path {

// The plain loops that define every result bit for bit; reads canonical weights.
struct reference {
  static constexpr std::uint16_t id = 0;
  static constexpr std::uint16_t version = 1;
  static constexpr const char* name = "reference";
  static constexpr const char* about = "plain loops, which define every result";
};

// Plain C++ that any compiler turns into good code; the default everywhere.
struct portable {
  using parent = reference;
  static constexpr std::uint16_t id = 1;
  static constexpr std::uint16_t version = 1;
  static constexpr const char* name = "portable";
  static constexpr const char* about = "plain C++";
};

// Vectors of xsimd, as wide as the architecture that is compiled for; opt-in (paths/xsimd.hpp).
struct xsimd {
  using parent = portable;
  static constexpr std::uint16_t id = 2;
  static constexpr std::uint16_t version = 1;
  static constexpr const char* name = "xsimd";
  static constexpr const char* about = "xsimd, for the architecture compiled for";
};

// x86-64. Their code is opt-in (paths/*.hpp) and needs no compiler flags; their traits answer on any machine.
struct avx2 {
  using parent = portable;
  static constexpr std::uint16_t id = 3;
  static constexpr std::uint16_t version = 5;
  static constexpr const char* name = "avx2";
  static constexpr const char* about = "AVX2, FMA, BMI2: Haswell (2013), Zen";
  static constexpr unsigned alignment = 64;
};
struct avx512 {
  using parent = avx2;
  static constexpr std::uint16_t id = 4;
  static constexpr std::uint16_t version = 8;
  static constexpr const char* name = "avx512";
  static constexpr const char* about = "AVX-512 F, BW, VL, DQ: Skylake-X (2017)";
  static constexpr unsigned alignment = 64;
};
struct avx512_vnni {
  using parent = avx512;
  static constexpr std::uint16_t id = 5;
  static constexpr std::uint16_t version = 9;
  static constexpr const char* name = "avx512_vnni";
  static constexpr const char* about = "AVX-512 with VNNI: Cascade Lake (2019)";
  static constexpr unsigned alignment = 64;
};
struct avx512_popcnt {
  using parent = avx512_vnni;
  static constexpr std::uint16_t id = 6;
  static constexpr std::uint16_t version = 9;
  static constexpr const char* name = "avx512_popcnt";
  static constexpr const char* about = "AVX-512 with VNNI, VPOPCNTDQ, BITALG, VBMI, GFNI: Ice Lake (2019), Zen 4";
  static constexpr unsigned alignment = 64;
};

// Cortex-M, and other cores of 32 bits without vectors. Opt-in (paths/*.hpp), no compiler flags; they run anywhere.
struct cortex_m {
  using parent = portable;
  static constexpr std::uint16_t id = 7;
  static constexpr std::uint16_t version = 2;
  static constexpr const char* name = "cortex_m";
  static constexpr const char* about = "words of 32 bits in plain C++: Cortex-M0+ to M33";
};
struct cortex_m_dsp {
  using parent = cortex_m;
  static constexpr std::uint16_t id = 8;
  static constexpr std::uint16_t version = 2;
  static constexpr const char* name = "cortex_m_dsp";
  static constexpr const char* about = "and the DSP extension: Cortex-M4, M7, M33";
};

// Cortex-M with vectors of 128 bits, MVE.
struct helium {
  using parent = cortex_m_dsp;
  static constexpr std::uint16_t id = 13;
  static constexpr std::uint16_t version = 1;
  static constexpr const char* name = "helium";
  static constexpr const char* about = "and Helium: Cortex-M52, M55, M85";
};

// For boards with memory to spare.
struct cortex_m_tables {
  using parent = cortex_m;
  static constexpr std::uint16_t id = 11;
  static constexpr std::uint16_t version = 2;
  static constexpr const char* name = "cortex_m_tables";
  static constexpr const char* about = "cortex_m, and up to 24 KB of working memory";
};
// The same before cortex_m_dsp (paths/cortex_m_dsp.hpp).
struct cortex_m_dsp_tables {
  using parent = cortex_m_dsp;
  static constexpr std::uint16_t id = 12;
  static constexpr std::uint16_t version = 2;
  static constexpr const char* name = "cortex_m_dsp_tables";
  static constexpr const char* about = "cortex_m_dsp, and up to 24 KB of working memory";
};

// Arm with NEON. Opt-in (paths/*.hpp); traits answer on any machine.
struct neon {
  using parent = portable;
  static constexpr std::uint16_t id = 9;
  static constexpr std::uint16_t version = 1;
  static constexpr const char* name = "neon";
  static constexpr const char* about = "NEON: AArch64, ARMv7-A";
};
struct neon_dotprod {
  using parent = neon;
  static constexpr std::uint16_t id = 10;
  static constexpr std::uint16_t version = 1;
  static constexpr const char* name = "neon_dotprod";
  static constexpr const char* about = "and sdot, udot: Cortex-A55, A75 (2017)";
};

}  // namespace path

namespace kernels {

// What a path decides for an op. Specialise for a path; all members are constexpr, so they answer on any machine:
//   bool runs(const op_signature&)                    does this path have code for it (layouts not considered)?
//   layout reads(const kernel_op&)                    the input layout it wants
//   bool writes(const kernel_op&, layout)             can it produce this output layout?
//   std::size_t weight_words(const kernel_op&)        packed size
//   std::size_t scratch_bytes(const kernel_op&)       working memory, beside input and output
//   void pack(const kernel_op&, const std::uint32_t* canonical, std::uint32_t* packed)
// and, for the latency model, if there is something to say:
//   int variant(const kernel_op&)                     equal numbers, 0 to 4095, run the same loops (else: 0)
//   reckoning reckoned(const kernel_op&)              what it reckons its loops to come to (else: nothing)
// A kernel of a set says `int form(const kernel_op&)`, 0 to 15, in place of `variant`. A path that overrides the
// layouts which its parents' kernels want (paths/tuned.hpp) says
//   layout prefers(const kernel_op&)                  in place of `reads`, for all ops, whoever runs them
template <class Path>
struct traits;

// The loops: `template <op_signature S, class Geometry> static void run(Geometry, const arguments&)`. Of a path, or of
// one kernel of its set (kernel_set.hpp).
template <class PathOrKernel>
struct code;

// What a kernel is handed. `weights` are packed for the path that runs; `scratch` is aligned to 8 bytes.
struct arguments {
  const void* in = nullptr;
  const std::uint32_t* weights = nullptr;
  void* out = nullptr;
  void* scratch = nullptr;
};

}  // namespace kernels

}  // namespace offramp::inline OFFRAMP_ABI

#endif
