// covers: net/lower.hpp net/program.hpp
// Which device ops come out of small networks, and which tensors share their scale.
#include <offramp/net/lower.hpp>

#include <string>

#include <doctest/doctest.h>

using namespace offramp;

namespace {

// "kind u8*i8->bits" per op, "+=" where it adds into its output, "|" before a head and "||" before a stage.
template <class Lowered>
std::string ops() {
  const auto& p = Lowered::program;
  std::string text;
  for (int i = 0; i < p.step_count; ++i) {
    const step_desc& s = p.steps[i];
    if (i > 0) text += i == p.exit_first[s.exit] ? " || " : i == p.head_first[s.exit] ? " | " : ", ";
    text += to_string(s.op.signature.what);
    text += std::string{" "} + to_string(s.op.signature.in);
    if (s.op.signature.weights != kind::none) text += std::string{"*"} + to_string(s.op.signature.weights);
    text += s.op.signature.add ? "+=" : "->";
    text += to_string(s.op.signature.out);
  }
  return text;
}

template <class... Layers>
using with = network<image<8, 8, 4>, stage<Layers...>, exit_head<3>>;
const std::string head = " | avg_pool i8->i8, conv i8*i8->i32";
const std::string float_head = " | avg_pool f32->f32, conv f32*f32->f32";

// Invariants of every program: steps read what was written before, kinds and shapes agree, and nothing reads what it
// overwrites, nor are the caller's input or a stage's output overwritten behind the reader's back.
template <class Lowered>
void check_program() {
  const auto& p = Lowered::program;
  CAPTURE(ops<Lowered>());
  bool written[64]{true};
  for (int i = 0; i < p.step_count; ++i) {
    const step_desc& s = p.steps[i];
    CAPTURE(i);
    CHECK(written[s.in]);
    CHECK(s.in != s.out);
    CHECK(s.out > 0);
    CHECK(written[s.out] == s.op.signature.add);
    written[s.out] = true;
    CHECK(p.tensors[s.in].element == s.op.signature.in);
    CHECK(p.tensors[s.out].element == s.op.signature.out);
    CHECK(p.tensors[s.in].extent == s.op.geometry.in);
    CHECK(p.tensors[s.out].extent == s.op.geometry.out);
    if (s.op.signature.add && s.head)  // what a head adds into was made in this head
      for (int j = 0; j < p.head_first[s.exit]; ++j) CHECK(p.steps[j].out != s.out);
    const kind k = p.tensors[s.out].element;
    CHECK((p.tensors[s.out].group >= 0) == (k == kind::i8 || k == kind::i16 || k == kind::u8));
    CHECK(p.tensors[s.out].group < p.groups);
  }
}

}  // namespace

TEST_CASE("lower: what follows a convolution folds into it") {
  CHECK(ops<lower<with<conv2d<8, 3>>>>() == "conv u8*i8->i8" + head);
  CHECK(ops<lower<with<conv2d<8, 3>, batch_norm, relu>>>() == "conv u8*i8->i8" + head);
  CHECK(ops<lower<with<conv2d<8, 3>, batch_norm, sign>>>() == "conv u8*i8->bits | avg_pool bits->i8, conv i8*i8->i32");
  CHECK(ops<lower<with<conv2d<8, 3>, sign, max_pool<2>, conv2d<8, 3, binary>, batch_norm>>>() ==
        "conv u8*i8->bits, max_pool bits->bits, conv bits*bits->i8" + head);
  CHECK(ops<lower<with<dense<8>, batch_norm, relu>>>() == "conv u8*i8->i8" + head);
  // In another order it does not.
  CHECK(ops<lower<with<conv2d<8, 3>, relu, batch_norm>>>() == "conv u8*i8->i8, pointwise i8->i8" + head);
  CHECK(ops<lower<with<conv2d<8, 3>, max_pool<2>, batch_norm, sign>>>() ==
        "conv u8*i8->i8, max_pool i8->i8, pointwise i8->bits | avg_pool bits->i8, conv i8*i8->i32");
}

TEST_CASE("lower: pixels") {
  CHECK(ops<lower<with<conv2d<8, 3, binary>, batch_norm, sign>>>() ==
        "conv u8*bits->bits | avg_pool bits->i8, conv i8*i8->i32");
  CHECK(ops<lower<with<sign>>>() == "pointwise u8->bits | avg_pool bits->i8, conv i8*i8->i32");
  CHECK(ops<lower<with<max_pool<2>, batch_norm>>>() == "max_pool u8->u8, pointwise u8->i8" + head);
  CHECK(ops<lower<with<avg_pool<2>>>>() == "avg_pool u8->i8" + head);
}

TEST_CASE("lower: residual streams are i16, and sums are made in place") {
  using net = with<conv2d<8, 3>, batch_norm, residual<sign, conv2d<8, 3, binary>, batch_norm>,
                   residual<conv2d<8, 3>, relu, conv2d<8, 1>>>;
  CHECK(
      ops<lower<net>>() ==
      "conv u8*i8->i16, pointwise i16->bits, conv bits*bits+=i16, pointwise i16->i8, conv i8*i8->i8, conv i8*i8+=i16 | "
      "avg_pool i16->i8, conv i8*i8->i32");
  const auto& p = lower<net>::program;
  CHECK(p.steps[2].out == p.steps[0].out);
  CHECK(p.steps[5].out == p.steps[0].out);
  // With a batch norm before the sign, that folds into the op that reads the stream.
  CHECK(ops<lower<with<conv2d<8, 3>, residual<batch_norm, sign, conv2d<8, 3, binary>>>>>() ==
        "conv u8*i8->i16, pointwise i16->bits, conv bits*bits+=i16 | avg_pool i16->i8, conv i8*i8->i32");
  // Pooling keeps the kind of the stream.
  CHECK(ops<lower<with<conv2d<8, 3>, max_pool<2>, residual<sign, conv2d<8, 3, binary>>>>>() ==
        "conv u8*i8->i16, max_pool i16->i16, pointwise i16->bits, conv bits*bits+=i16 | avg_pool i16->i8, conv "
        "i8*i8->i32");
}

TEST_CASE("lower: a shrinking shortcut is an average into a new tensor of the stream") {
  using net = with<conv2d<8, 3>, residual<sign, conv2d<16, 3, binary, stride{2}>, batch_norm>>;
  CHECK(ops<lower<net>>() == "conv u8*i8->i16, avg_pool i16->i16, pointwise i16->bits, conv bits*bits+=i16 | avg_pool "
                             "i16->i8, conv i8*i8->i32");
  const auto& p = lower<net>::program;
  CHECK(p.steps[1].op.geometry.in == shape{8, 8, 8});
  CHECK(p.steps[1].op.geometry.out == shape{4, 4, 16});  // channel c reads c % 8
  CHECK(p.steps[1].op.geometry.kernel_h == 2);
  CHECK(p.steps[2].in == p.steps[0].out);  // the body reads what was before the shortcut
  CHECK(p.steps[3].out == p.steps[1].out);
  CHECK(p.tensors[p.steps[0].out].group == p.tensors[p.steps[1].out].group);
}

TEST_CASE("lower: other kinds of streams") {
  using net = with<conv2d<8, 3>, residual<sign, conv2d<8, 3, binary>>>;
  CHECK(ops<lower<net, i8, i8>>() == "conv u8*i8->i8, pointwise i8->bits, conv bits*bits+=i8" + head);
  CHECK(ops<lower<net, f32>>() == "conv u8*f32->f32, pointwise f32->bits, conv bits*bits+=f32" + float_head);
  CHECK(ops<lower<net, f32, i16>>() == "conv u8*f32->i16, pointwise i16->bits, conv bits*bits+=i16 | "
                                       "avg_pool i16->f32, conv f32*f32->f32");
}

TEST_CASE("lower: a convolution never reads what it adds into") {
  using net = with<conv2d<4, 3>, residual<conv2d<4, 3>>>;
  CHECK(ops<lower<net, i8, i8>>() == "conv u8*i8->i8, pointwise i8->i8, conv i8*i8+=i8" + head);
  CHECK(ops<lower<net, f32>>() == "conv u8*f32->f32, pointwise f32->f32, conv f32*f32+=f32" + float_head);
  // The copy keeps the scale: it is exact.
  const auto& p = lower<net, i8, i8>::program;
  CHECK(p.tensors[p.steps[1].out].group == p.tensors[p.steps[0].out].group);
}

TEST_CASE("lower: sums never go into the caller's input, nor into what the next stage reads") {
  using net = network<image<4, 4, 4, f32>, stage<residual<relu, conv2d<4, 3>>>,
                      exit_head<3, residual<relu, conv2d<4, 1>>>, stage<residual<relu, conv2d<4, 3>>>, exit_head<3>>;
  CHECK(ops<lower<net, f32>>() == "pointwise f32->f32, pointwise f32->f32, conv f32*f32+=f32"
                                  " | pointwise f32->f32, pointwise f32->f32, conv f32*f32+=f32, conv f32*f32->f32"
                                  " || pointwise f32->f32, conv f32*f32+=f32" +
                                      float_head);
  check_program<lower<net, f32>>();
  check_program<lower<net>>();
  check_program<lower<net, i8, i8>>();
}

TEST_CASE("lower: floats") {
  CHECK(ops<lower<with<conv2d<8, 3>, batch_norm, relu, max_pool<2>>, f32>>() ==
        "conv u8*f32->f32, max_pool f32->f32" + float_head);
  CHECK(ops<lower<with<conv2d<8, 3>, batch_norm, sign, conv2d<8, 3, binary>, batch_norm>, f32>>() ==
        "conv u8*f32->bits, conv bits*bits->f32" + float_head);
  using real = network<image<8, 8, 4, f32>, stage<conv2d<8, 3>, relu>, exit_head<3>>;
  CHECK(ops<lower<real, f32>>() == "conv f32*f32->f32" + float_head);
  CHECK(ops<lower<real>>() == "pointwise f32->i8, conv i8*i8->i8" + head);
}

TEST_CASE("lower: a layer may say otherwise") {
  CHECK(ops<lower<with<conv2d<8, 3>, conv2d<8, 3, f32>, conv2d<8, 3>>>>() ==
        "conv u8*i8->i8, pointwise i8->f32, conv f32*f32->f32, pointwise f32->i8, conv i8*i8->i8" + head);
  CHECK(ops<lower<with<conv2d<8, 3>, conv2d<8, 3, i8>, conv2d<8, 3>>, f32>>() ==
        "conv u8*f32->f32, pointwise f32->i8, conv i8*i8->f32, conv f32*f32->f32" + float_head);
  CHECK(ops<lower<with<conv2d<8, 3>, relu, conv2d<8, 3, binary>>>>() == "conv u8*i8->i8, conv i8*bits->i8" + head);
}

TEST_CASE("lower: heads") {
  using net = network<image<8, 8, 4>, stage<conv2d<8, 3>, sign>, exit_head<3, dense<7>, relu>,
                      stage<conv2d<8, 3, binary>, sign>, exit_head<3, max_pool<8>>>;
  CHECK(ops<lower<net>>() == "conv u8*i8->bits | conv bits*i8->i8, conv i8*i8->i32 || conv bits*bits->bits | "
                             "max_pool bits->bits, conv bits*i8->i32");
  const auto& p = lower<net>::program;
  CHECK(p.exit_count == 2);
  CHECK(p.classes == 3);
  CHECK(p.steps[3].in == p.steps[0].out);  // the second stage reads the first's output, not its head's
  CHECK(p.logits[0] == p.steps[2].out);
  CHECK(p.logits[1] == p.steps[5].out);
  CHECK(p.exit_first[2] == p.step_count);
}

TEST_CASE("lower: groups share a scale") {
  using net = network<image<8, 8, 1>, stage<max_pool<2>, conv2d<4, 3>, relu, max_pool<2>, conv2d<4, 1>>, exit_head<3>>;
  const auto& p = lower<net>::program;
  // max_pool, conv, max_pool, conv | avg_pool, conv
  const auto group = [&](int step) { return p.tensors[p.steps[step].out].group; };
  CHECK(group(0) == p.tensors[0].group);  // pixels
  CHECK(group(1) == group(2));            // pooling keeps the scale
  CHECK(group(3) != group(2));
  CHECK(group(4) != group(3));  // a mean gets one of its own
  CHECK(group(5) == -1);        // logits carry theirs apart
}

TEST_CASE("lower: what runs up to an exit does not depend on what follows it") {
  // The next stage begins with a stream, which the first must not know.
  using net = network<image<8, 8, 1>, stage<conv2d<4, 3>, max_pool<2>>, exit_head<3>,
                      stage<residual<sign, conv2d<4, 3, binary>>>, exit_head<3>,
                      stage<residual<sign, conv2d<4, 3, binary>>>, exit_head<3>>;
  const auto same_prefix = [](const auto& part, const auto& whole) {
    for (int i = 0; i < part.step_count; ++i) {
      CAPTURE(i);
      CHECK(part.steps[i].op.signature == whole.steps[i].op.signature);
      CHECK(part.steps[i].op.geometry == whole.steps[i].op.geometry);
      CHECK(part.steps[i].in == whole.steps[i].in);
      CHECK(part.steps[i].out == whole.steps[i].out);
    }
    for (int t = 0; t < part.tensor_count; ++t) CHECK(part.tensors[t].group == whole.tensors[t].group);
    for (int k = 0; k < part.exit_count; ++k) CHECK(part.logits[k] == whole.logits[k]);
  };
  same_prefix(lower<cut<net, 1>>::program, lower<net>::program);
  same_prefix(lower<cut<net, 2>>::program, lower<net>::program);
  same_prefix(lower<cut<net, 1>, f32>::program, lower<net, f32>::program);
  check_program<lower<net>>();
}

TEST_CASE("lower: the kinds chosen are part of the identity") {
  using net = with<conv2d<8, 3>, residual<sign, conv2d<8, 3, binary>>>;
  CHECK(lower<net>::hash(0) != lower<net, f32>::hash(0));
  CHECK(lower<net>::hash(0) != lower<net, i8, i8>::hash(0));
  CHECK(lower<net>::hash(0) == lower<net, i8, i16>::hash(0));
}
