// The one table of op shapes, for tests and benchmarks alike. Sizes are chosen with intent: one, word edges (31, 32,
// 33, 63, 64, 65 channels), windows of 1, 3, 5 and oblong ones, strides 1 to 3, padding 0 to 2, rectangles, a single
// position, dense layers (the window is the input), weights stored wider than active, groups of one channel and of
// many, copies to places beside the word edges. To add a case: add a line.
#ifndef OFFRAMP_TESTS_SUPPORT_CASES_HPP
#define OFFRAMP_TESTS_SUPPORT_CASES_HPP

#include <offramp/kernels/op.hpp>

namespace offramp_test {

using offramp::kind;
using offramp::make_window;
using offramp::op_kind;
using offramp::op_signature;
using offramp::shape;
using offramp::window;

struct op_case {
  const char* why;
  window geometry;
};

// Weights for more channels than are active, as in nested widths.
constexpr window stored_for(window w, int in_c, int out_c) {
  w.stored_in_c = in_c;
  w.stored_out_c = out_c;
  return w;
}

//                             height, width, channels, out channels, window, stride, padding
inline constexpr op_case conv_cases[] = {
    {"smallest", make_window({1, 1, 1}, 1, 1, 1, 1, 0, 0)},
    {"one position, only padding around", make_window({1, 1, 3}, 2, 3, 3, 1, 1, 1)},
    {"first layer", make_window({9, 9, 1}, 32, 3, 3, 1, 1, 1)},
    {"first layer, colour", make_window({8, 7, 3}, 16, 3, 3, 1, 1, 1)},
    {"four channels", make_window({5, 5, 4}, 9, 3, 3, 1, 1, 1)},
    {"five channels", make_window({5, 5, 5}, 8, 1, 3, 1, 0, 1)},
    {"one below a word", make_window({4, 4, 31}, 31, 3, 3, 1, 1, 1)},
    {"a word", make_window({4, 4, 32}, 32, 3, 3, 1, 1, 1)},
    {"one above a word", make_window({4, 4, 33}, 33, 3, 3, 1, 1, 1)},
    {"one below two words", make_window({3, 5, 63}, 65, 3, 3, 1, 1, 1)},
    {"two words", make_window({5, 3, 64}, 64, 3, 3, 1, 1, 1)},
    {"one above two words", make_window({3, 3, 65}, 63, 3, 3, 1, 1, 1)},
    {"four words", make_window({3, 3, 128}, 40, 3, 3, 1, 1, 1)},
    {"1x1", make_window({4, 3, 64}, 48, 1, 1, 1, 0, 0)},
    {"1x1, odd channels", make_window({3, 3, 17}, 5, 1, 1, 1, 0, 0)},
    {"1x1, stride 2", make_window({5, 4, 33}, 7, 1, 1, 2, 0, 0)},
    {"1x1 with padding", make_window({3, 3, 8}, 3, 1, 1, 1, 1, 1)},
    {"3x3, stride 2, no padding", make_window({7, 7, 32}, 16, 3, 3, 2, 0, 0)},
    {"3x3, stride 2", make_window({8, 6, 40}, 24, 3, 3, 2, 1, 1)},
    {"3x3, stride 3", make_window({10, 8, 9}, 11, 3, 3, 3, 1, 1)},
    {"3x3, padding 2", make_window({4, 4, 10}, 8, 3, 3, 1, 2, 2)},
    {"5x5", make_window({7, 6, 16}, 12, 5, 5, 1, 2, 2)},
    {"5x5, stride 2, no padding", make_window({9, 8, 2}, 6, 5, 5, 2, 0, 0)},
    {"7x7 larger than its input", make_window({3, 4, 3}, 4, 7, 7, 1, 3, 3)},
    {"1x5", make_window({4, 9, 20}, 10, 1, 5, 1, 0, 2)},
    {"5x1", make_window({9, 4, 20}, 10, 5, 1, 1, 2, 0)},
    {"1x3 in a row, contiguous", make_window({1, 12, 32}, 8, 1, 3, 1, 0, 0)},
    {"3 full rows, contiguous", make_window({6, 4, 32}, 8, 3, 4, 1, 0, 0)},
    {"dense", make_window({4, 4, 32}, 10, 4, 4, 1, 0, 0)},
    {"dense, odd", make_window({3, 5, 7}, 13, 3, 5, 1, 0, 0)},
    {"dense, many words", make_window({7, 7, 96}, 3, 7, 7, 1, 0, 0)},
    {"dense, over 124 words", make_window({5, 5, 200}, 9, 5, 5, 1, 0, 0)},
    {"dense, flat", make_window({1, 1, 250}, 100, 1, 1, 1, 0, 0)},
    {"stored wider", stored_for(make_window({4, 4, 32}, 32, 3, 3, 1, 1, 1), 64, 64)},
    {"stored wider, 1x1", stored_for(make_window({3, 3, 32}, 24, 1, 1, 1, 0, 0), 96, 40)},
    {"stored wider by a few channels", stored_for(make_window({3, 4, 20}, 12, 3, 3, 1, 1, 1), 40, 33)},
    {"more outputs stored", stored_for(make_window({3, 3, 33}, 33, 3, 3, 1, 1, 1), 33, 70)},
    {"stored wider, shallow", stored_for(make_window({5, 5, 1}, 6, 3, 3, 1, 1, 1), 3, 8)},
};

// Depthwise: a group for every input channel, `multiplier` outputs each.
constexpr window depthwise(shape in, int multiplier, int kernel_h, int kernel_w, int stride_h, int pad_h, int pad_w,
                           int stride_w = 0) {
  return make_window(in, in.c * multiplier, kernel_h, kernel_w, stride_h, pad_h, pad_w, stride_w, in.c);
}

inline constexpr op_case grouped_cases[] = {
    {"depthwise, one channel", depthwise({3, 4, 1}, 1, 3, 3, 1, 1, 1)},
    {"depthwise, one channel into two", depthwise({4, 3, 1}, 2, 3, 3, 1, 1, 1)},
    {"depthwise, fewer than lanes", depthwise({5, 5, 3}, 1, 3, 3, 1, 1, 1)},
    {"depthwise, one below a word", depthwise({5, 4, 31}, 1, 3, 3, 1, 1, 1)},
    {"depthwise, a word", depthwise({4, 5, 32}, 1, 3, 3, 1, 1, 1)},
    {"depthwise, one above a word", depthwise({4, 4, 33}, 1, 3, 3, 1, 1, 1)},
    {"depthwise, two words", depthwise({5, 3, 64}, 1, 3, 3, 2, 1, 1)},
    {"depthwise, one above two words", depthwise({3, 3, 65}, 1, 3, 3, 1, 1, 1)},
    {"depthwise, twice the channels", depthwise({4, 4, 31}, 2, 3, 3, 1, 1, 1)},
    {"depthwise, twice the channels, two words", depthwise({3, 4, 33}, 2, 3, 3, 2, 0, 0)},
    {"depthwise, three times the channels", depthwise({3, 3, 20}, 3, 2, 2, 1, 0, 0)},
    {"depthwise, 1x1", depthwise({3, 3, 40}, 1, 1, 1, 1, 0, 0)},
    {"depthwise, 1x5", depthwise({4, 9, 20}, 1, 1, 5, 1, 0, 2)},
    {"depthwise, 1x7 in a row", depthwise({1, 20, 18}, 1, 1, 7, 1, 0, 3, 2)},
    {"depthwise, 5x2, strides 1x3", depthwise({9, 8, 16}, 1, 5, 2, 1, 2, 1, 3)},
    {"depthwise, 5x5, stride 3", depthwise({10, 11, 17}, 1, 5, 5, 3, 2, 2)},
    {"depthwise, windows in the padding", depthwise({2, 2, 35}, 1, 1, 1, 1, 2, 2)},
    {"depthwise, larger than its input", depthwise({2, 3, 24}, 1, 5, 5, 1, 2, 2)},
    {"depthwise, more outputs stored", stored_for(depthwise({4, 4, 40}, 1, 3, 3, 1, 1, 1), 40, 70)},
    {"2 groups of 3", make_window({5, 4, 6}, 4, 3, 3, 1, 1, 1, 0, 2)},
    {"2 groups of 31", make_window({4, 4, 62}, 62, 3, 3, 1, 1, 1, 0, 2)},
    {"3 groups of 11, the last one bit over the edge", make_window({3, 4, 33}, 6, 3, 3, 1, 1, 1, 0, 3)},
    {"2 groups of a word", make_window({4, 4, 64}, 64, 3, 3, 1, 1, 1, 0, 2)},
    {"2 groups of 33, stride 2", make_window({5, 4, 66}, 66, 3, 3, 2, 1, 1, 0, 2)},
    {"3 groups of two words", make_window({3, 3, 192}, 99, 3, 3, 1, 1, 1, 0, 3)},
    {"16 groups of 4", make_window({4, 4, 64}, 64, 3, 3, 1, 1, 1, 0, 16)},
    {"5 groups of 10, 1x1", make_window({3, 4, 50}, 35, 1, 1, 1, 0, 0, 0, 5)},
    {"2 groups of 20 into 50 each", make_window({3, 3, 40}, 100, 2, 2, 1, 0, 0, 0, 2)},
    {"4 groups of 2 into 1 each", make_window({6, 3, 8}, 4, 1, 3, 1, 0, 1, 2, 4)},
    {"4 groups, dense", make_window({3, 3, 48}, 20, 3, 3, 1, 0, 0, 0, 4)},
    {"2 groups, padding 2", make_window({3, 3, 10}, 6, 3, 3, 1, 2, 2, 0, 2)},
    {"2 groups, more outputs stored", stored_for(make_window({3, 3, 70}, 24, 3, 3, 1, 1, 1, 0, 2), 70, 36)},
};

// `channels` of `all`, from channel `first` on.
constexpr window part(int height, int width, int channels, int first, int all) {
  window w = make_window({height, width, channels}, channels, 1, 1, 1, 0, 0);
  w.out.c = w.stored_out_c = all;
  w.out_first = first;
  return w;
}

inline constexpr op_case copy_cases[] = {
    {"smallest", part(1, 1, 1, 0, 1)},
    {"the first of two", part(2, 3, 1, 0, 2)},
    {"the second of two", part(2, 3, 1, 1, 2)},
    {"first, within a word", part(3, 3, 20, 0, 30)},
    {"first, one word of three", part(3, 3, 32, 0, 96)},
    {"first, more than a word", part(3, 4, 33, 0, 70)},
    {"all of it", part(2, 2, 65, 0, 65)},
    {"behind 1", part(3, 3, 31, 1, 32)},
    {"behind 1, over the edge", part(3, 3, 32, 1, 33)},
    {"behind 31", part(3, 3, 1, 31, 32)},
    {"behind 31, over the edge", part(3, 3, 2, 31, 64)},
    {"behind 31, three words", part(2, 5, 64, 31, 95)},
    {"behind a word", part(4, 3, 32, 32, 64)},
    {"behind a word, less than one", part(3, 3, 5, 32, 40)},
    {"behind a word, in the middle", part(3, 3, 40, 32, 100)},
    {"behind 33", part(3, 3, 31, 33, 64)},
    {"behind 33, in the middle", part(3, 2, 70, 33, 130)},
    {"behind many", part(2, 2, 100, 300, 400)},
};

inline constexpr op_case pool_cases[] = {
    {"smallest", make_window({1, 1, 1}, 1, 1, 1, 1, 0, 0)},
    {"2x2", make_window({6, 8, 32}, 32, 2, 2, 2, 0, 0)},
    {"2x2, odd input", make_window({7, 5, 31}, 31, 2, 2, 2, 0, 0)},
    {"2x2, one above a word", make_window({4, 4, 33}, 33, 2, 2, 2, 0, 0)},
    {"3x3, stride 2", make_window({7, 7, 64}, 64, 3, 3, 2, 0, 0)},
    {"3x3, stride 1", make_window({5, 4, 65}, 65, 3, 3, 1, 0, 0)},
    {"2x1", make_window({6, 3, 20}, 20, 2, 1, 2, 0, 0)},
    {"global", make_window({7, 7, 100}, 100, 7, 7, 1, 0, 0)},
    {"stride 3, many words", make_window({8, 8, 130}, 130, 2, 2, 3, 0, 0)},
    {"more words than a tile", make_window({2, 2, 1056}, 1056, 2, 2, 2, 0, 0)},
};

// Pools whose output has more channels than the input (the shortcut of a residual block that widens).
inline constexpr op_case widening_pool_cases[] = {
    {"twice a word", make_window({4, 4, 32}, 64, 2, 2, 2, 0, 0)},
    {"twice, odd", make_window({4, 4, 20}, 40, 2, 2, 2, 0, 0)},
    {"1x1", make_window({3, 3, 33}, 100, 1, 1, 2, 0, 0)},
};

inline constexpr op_case pointwise_cases[] = {
    {"smallest", make_window({1, 1, 1}, 1, 1, 1, 1, 0, 0)},
    {"one below a word", make_window({3, 4, 31}, 31, 1, 1, 1, 0, 0)},
    {"a word", make_window({3, 4, 32}, 32, 1, 1, 1, 0, 0)},
    {"one above a word", make_window({3, 4, 33}, 33, 1, 1, 1, 0, 0)},
    {"two words", make_window({7, 5, 64}, 64, 1, 1, 1, 0, 0)},
    {"many", make_window({2, 2, 257}, 257, 1, 1, 1, 0, 0)},
    {"stored wider", stored_for(make_window({3, 3, 40}, 40, 1, 1, 1, 0, 0), 64, 64)},
};

constexpr op_signature conv(kind in, kind weights, kind out, bool add = false) {
  return {op_kind::conv, in, weights, out, add};
}
constexpr op_signature pointwise(kind in, kind out, bool add = false) {
  return {op_kind::pointwise, in, kind::none, out, add};
}
constexpr op_signature avg_pool(kind in, kind out, bool add = false) {
  return {op_kind::avg_pool, in, kind::none, out, add};
}
constexpr op_signature mixed_pool(kind in, kind out, bool add = false) {
  return {op_kind::mixed_pool, in, kind::none, out, add};
}
constexpr op_signature copy(kind k) { return {op_kind::copy, k, kind::none, k}; }
constexpr op_signature grouped(op_signature s) {
  s.grouped = true;
  return s;
}
constexpr op_signature two_slopes(op_signature s) {
  s.two_slopes = true;
  return s;
}
constexpr op_signature rectified(op_signature s) {
  s.rectified = true;
  return s;
}
constexpr op_signature max_pool(kind k) { return {op_kind::max_pool, k, kind::none, k}; }

}  // namespace offramp_test

#endif
