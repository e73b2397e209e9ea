// covers: layers/user_layer.hpp kernels/user_op.hpp
// What a user's type becomes: a description with a table of its functions, defaults where it leaves something out.
#include <offramp/layers/user_layer.hpp>

#include <string>

#include <doctest/doctest.h>

using namespace offramp;

namespace {

// Only what must be there.
struct bare {
  static constexpr std::uint32_t id = 1000;
  static constexpr const char* name = "bare";
  static constexpr kind in = f32;
  static constexpr kind out = kind::none;
  static constexpr shape out_shape(shape in) { return {in.h, in.w, 2 * in.c}; }
  static constexpr std::int64_t macs(shape in) { return 3 * in.size(); }
  static void run(const user_arguments& a) { *static_cast<float*>(a.out) = 7; }
  static void forward(shape, const float*, const float* x, float* y) { *y = 2 * *x; }
  static void backward(shape, const float*, const float*, const float* dy, float* dx, float*) { *dx += 2 * *dy; }
};

// With parameters, stored as they are.
struct trained : bare {
  static constexpr std::uint32_t id = 1001;
  static constexpr int parameter_count(shape in) { return in.c; }
  static void initialize(shape in, float* parameters) {
    for (int c = 0; c < in.c; ++c) parameters[c] = static_cast<float>(c) + 0.5f;
  }
  static constexpr std::size_t scratch_bytes(shape in) { return static_cast<std::size_t>(in.w); }
};

// With words of its own making.
struct packed : trained {
  static constexpr std::uint32_t id = 1002;
  static constexpr std::size_t weight_words(shape in, kind in_kind) {
    return static_cast<std::size_t>(in.c + (in_kind == f32 ? 1 : 2));
  }
  static void write(const user_arguments& a, const float* parameters, std::uint32_t* words) {
    words[0] = static_cast<std::uint32_t>(parameters[0] / a.in_scale);
  }
};

template <class T>
constexpr const user_op* table() {
  layer_desc d[1];
  layer_desc* next = d;
  user_layer<T>::append(next);
  return d[0].user;
}

static_assert(user_layer_type<bare> && user_layer_type<trained> && user_layer_type<packed>);
static_assert(!user_layer_type<int>);

}  // namespace

TEST_CASE("user layer: the description and the table") {
  CHECK(table<bare>() != table<trained>());
  layer_desc d[1];
  layer_desc* next = d;
  user_layer<bare>::append(next);
  CHECK(next == d + 1);
  CHECK(d[0].what == layer_kind::user);
  CHECK_FALSE(d[0].has_weights());
  const user_op& u = *d[0].user;
  CHECK(u.id == 1000);
  CHECK(std::string{u.name} == "bare");
  CHECK(u.in == f32);
  CHECK(u.out == kind::none);
  CHECK(u.out_shape({2, 3, 4}) == shape{2, 3, 8});
  CHECK(u.macs({2, 3, 4}) == 72);
  float value = 0;
  user_arguments a;
  a.out = &value;
  u.run(a);
  CHECK(value == 7);
  const float x = 4;
  u.forward({1, 1, 1}, nullptr, &x, &value);
  CHECK(value == 8);
  u.backward({1, 1, 1}, nullptr, &x, &x, &value, nullptr);
  CHECK(value == 16);
}

TEST_CASE("user layer: what is left out has a default") {
  const shape s{2, 5, 3};
  const user_op& u = *table<bare>();
  CHECK(u.parameter_count(s) == 0);
  CHECK(u.weight_words(s, f32) == 0);
  CHECK(u.scratch_bytes(s) == 0);
  u.initialize(s, nullptr);  // nothing to do
  u.write({}, nullptr, nullptr);

  const user_op& t = *table<trained>();
  CHECK(t.parameter_count(s) == 3);
  CHECK(t.weight_words(s, i8) == 3);
  CHECK(t.scratch_bytes(s) == 5);
  float parameters[3];
  t.initialize(s, parameters);
  CHECK(parameters[2] == 2.5f);
  user_arguments a;
  a.in_shape = s;
  std::uint32_t words[3]{};
  t.write(a, parameters, words);  // the floats themselves
  for (int i = 0; i < 3; ++i) CHECK(__builtin_bit_cast(float, words[i]) == parameters[i]);

  const user_op& p = *table<packed>();
  CHECK(p.weight_words(s, f32) == 4);
  CHECK(p.weight_words(s, i8) == 5);
  a.in_scale = 0.25f;
  p.write(a, parameters, words);
  CHECK(words[0] == 2);
}
