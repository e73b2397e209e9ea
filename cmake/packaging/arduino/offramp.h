// What a sketch includes: the device library. A core of Arduino must compile as C++20 (-std=gnu++20). Some make macros
// of everyday names; those rest while the library is read.
#ifndef OFFRAMP_H
#define OFFRAMP_H

#if !defined(__cplusplus) || __cplusplus < 202002L
#error "offramp needs C++20: add -std=gnu++20 to the compiler's flags (see README.md of this library)"
#else

#pragma push_macro("abs")
#pragma push_macro("bit")
#pragma push_macro("max")
#pragma push_macro("min")
#pragma push_macro("round")
#pragma push_macro("word")
#undef abs
#undef bit
#undef max
#undef min
#undef round
#undef word
#include <offramp/offramp.hpp>
#pragma pop_macro("abs")
#pragma pop_macro("bit")
#pragma pop_macro("max")
#pragma pop_macro("min")
#pragma pop_macro("round")
#pragma pop_macro("word")

#endif

#endif
