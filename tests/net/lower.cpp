// covers: net/lower.hpp net/program.hpp
// Which device ops come out of small networks, and which tensors share their scale.
#include <offramp/net/lower.hpp>

#include <string>

#include <doctest/doctest.h>

using namespace offramp;

namespace {

// "kind u8*i8->bits" per op, "+=" where it adds into its output, "@3" for a copy to channel 3, "/4" for 4 groups, "~"
// for two slopes, "|" before a head and "||" before a stage.
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
    if (s.op.signature.what == op_kind::copy) text += "@" + std::to_string(s.op.geometry.out_first);
    if (s.op.signature.grouped) text += "/" + std::to_string(s.op.geometry.groups);
    if (s.op.signature.two_slopes) text += "~";
    if (s.op.signature.rectified) text += "^";
  }
  return text;
}

template <kind In, kind Out>
struct own {
  static constexpr std::uint32_t id = 1006;
  static constexpr const char* name = "own";
  static constexpr kind in = In;
  static constexpr kind out = Out;
  static constexpr shape out_shape(shape s) { return s; }
  static constexpr std::int64_t macs(shape) { return 0; }
  static void run(const user_arguments&) {}
  static void forward(shape, const float*, const float*, float*) {}
  static void backward(shape, const float*, const float*, const float*, float*, float*) {}
};

template <class... Layers>
using with = network<image<8, 8, 4>, stage<Layers...>, exit_head<3>>;
const std::string head = " | avg_pool i8->i8, conv i8*i8->i32";
const std::string float_head = " | avg_pool f32->f32, conv f32*f32->f32";

// Invariants of every program: steps read what was written before (all channels of a concat), kinds and shapes agree,
// and nothing reads what it overwrites, nor are the caller's input or a stage's output overwritten behind the reader's
// back.
template <class Lowered>
void check_program() {
  const auto& p = Lowered::program;
  CAPTURE(ops<Lowered>());
  int written[128]{p.tensors[0].extent.c};  // channels
  for (int i = 0; i < p.step_count; ++i) {
    const step_desc& s = p.steps[i];
    CAPTURE(i);
    const window& w = s.op.geometry;
    const bool copies = s.op.signature.what == op_kind::copy;
    CHECK(written[s.in] == p.tensors[s.in].extent.c);
    CHECK(s.in != s.out);
    CHECK(s.out > 0);
    if (s.op.signature.add) CHECK(written[s.out] == w.out.c);
    if (!s.op.signature.add) CHECK(written[s.out] == w.out_first);  // copies come in order, other ops make new tensors
    CHECK((copies || w.out_first == 0));
    written[s.out] = copies ? w.out_first + w.in.c : w.out.c;
    CHECK(p.tensors[s.in].element == s.op.signature.in);
    CHECK(p.tensors[s.out].element == s.op.signature.out);
    CHECK(p.tensors[s.in].extent == w.in);
    CHECK(p.tensors[s.out].extent == w.out);
    CHECK(s.op.signature.grouped == (w.groups > 1));
    CHECK((s.op.signature.user != nullptr) == (s.op.signature.what == op_kind::user));
    if (s.op.signature.add && s.head)  // what a head adds into was made in this head
      for (int j = 0; j < p.head_first[s.exit]; ++j) CHECK(p.steps[j].out != s.out);
    const kind k = p.tensors[s.out].element;
    CHECK((p.tensors[s.out].group >= 0) == (k == kind::i8 || k == kind::i16 || k == kind::u8));
    CHECK(p.tensors[s.out].group < p.groups);
    // A copy keeps the codes, so the scale must be the same.
    if (copies || s.op.signature.what == op_kind::max_pool) CHECK(p.tensors[s.in].group == p.tensors[s.out].group);
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
  // A batch norm behind the relu makes two slopes of it, a prelu always does.
  CHECK(ops<lower<with<conv2d<8, 3>, relu, batch_norm>>>() == "conv u8*i8->i8~" + head);
  // Without a bias the relu cuts at 0, which needs no threshold; binary convolutions have none there.
  CHECK(ops<lower<with<sign, conv2d<8, 3, binary>, relu, batch_norm>>>() ==
        "pointwise u8->bits, conv bits*bits->i8^" + head);
  CHECK(ops<lower<with<sign, conv2d<8, 3, binary>, shift, relu, batch_norm>>>() ==
        "pointwise u8->bits, conv bits*bits->i8~" + head);
  CHECK(ops<lower<with<sign, conv2d<8, 3, binary>, relu>>>() == "pointwise u8->bits, conv bits*bits->i8" + head);
  CHECK(ops<lower<with<conv2d<8, 3>, prelu>>>() == "conv u8*i8->i8~" + head);
  CHECK(ops<lower<with<conv2d<8, 3>, batch_norm, rprelu>>>() == "conv u8*i8->i8~" + head);
  CHECK(ops<lower<with<conv2d<8, 3>, batch_norm, rsign>>>() == "conv u8*i8->bits | avg_pool bits->i8, conv i8*i8->i32");
  CHECK(ops<lower<with<conv2d<8, 3>, relu, batch_norm, sign>>>() ==
        "conv u8*i8->bits | avg_pool bits->i8, conv i8*i8->i32");
  CHECK(ops<lower<with<conv2d<8, 3>, prelu, batch_norm, sign>>>() ==
        "conv u8*i8->i8~, pointwise i8->bits | avg_pool bits->i8, conv i8*i8->i32");
  CHECK(ops<lower<with<conv2d<8, 3>, prelu>, f32>>() == "conv u8*f32->f32~" + float_head);
  // In another order it does not fold.
  CHECK(ops<lower<with<conv2d<8, 3>, relu, prelu>>>() == "conv u8*i8->i8, pointwise i8->i8~" + head);
  CHECK(ops<lower<with<conv2d<8, 3>, relu, batch_norm, relu>>>() == "conv u8*i8->i8~, pointwise i8->i8" + head);
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

TEST_CASE("lower: convolutions in groups, sequences") {
  CHECK(ops<lower<
            with<conv2d<8, 3, groups{2}>, depthwise_conv2d<3>, sign, depthwise_conv2d<3, binary, multiplier{2}>>>>() ==
        "conv u8*i8->i8/2, conv i8*i8->bits/8, conv bits*bits->i8/8" + head);
  using line =
      network<sequence<30, 3>, stage<conv1d<8, 5, stride{2}>, relu, max_pool1d<2>, depthwise_conv1d<3>>, exit_head<3>>;
  CHECK(ops<lower<line>>() == "conv u8*i8->i8, max_pool i8->i8, conv i8*i8->i8/8" + head);
  const auto& p = lower<line>::program;
  CHECK(p.steps[0].op.geometry.stride_h == 1);
  CHECK(p.steps[0].op.geometry.stride_w == 2);
  CHECK(p.steps[0].op.geometry.pad_left == 2);
  CHECK(p.steps[0].op.geometry.pad_top == 0);
  CHECK(p.steps[1].op.geometry.out == shape{1, 7, 8});
  check_program<lower<line>>();
}

TEST_CASE("lower: blur is a depthwise convolution of whatever is there") {
  CHECK(ops<lower<with<conv2d<8, 3>, relu, blur_pool<3, 2>>>>() == "conv u8*i8->i8, conv i8*i8->i8/8" + head);
  CHECK(ops<lower<with<blur_pool<3, 2>>>>() == "conv u8*i8->i8/4" + head);
  CHECK(ops<lower<with<sign, blur_pool<3, 2>>>>() == "pointwise u8->bits, conv bits*i8->i8/4" + head);
  CHECK(ops<lower<with<conv2d<8, 3>, blur_pool<3, 2>>, f32>>() == "conv u8*f32->f32, conv f32*f32->f32/8" + float_head);
  // In a stream it stays on the stream's scale: its weights add up to 1.
  using net = with<conv2d<8, 3>, blur_pool<3, 2>, residual<sign, conv2d<8, 3, binary>>, blur_pool<3, 1>>;
  CHECK(ops<lower<net>>() ==
        "conv u8*i8->i16, conv i16*i8->i16/8, pointwise i16->bits, conv bits*bits+=i16, conv i16*i8->i8/8" + head);
  const auto& p = lower<net>::program;
  CHECK(p.tensors[p.steps[0].out].group == p.tensors[p.steps[1].out].group);
  CHECK(p.tensors[p.steps[4].out].group != p.tensors[p.steps[1].out].group);
  CHECK(ops<lower<net, f32, i16>>() ==
        "conv u8*f32->i16, conv i16*f32->i16/8, pointwise i16->bits, conv bits*bits+=i16, conv i16*f32->f32/8" +
            float_head);
  check_program<lower<net>>();
  check_program<lower<net, f32, i16>>();
}

TEST_CASE("lower: a mixed pooling is an op of numbers, and nothing over single positions") {
  CHECK(ops<lower<with<mixed_pool<2>>>>() == "mixed_pool u8->i8" + head);
  CHECK(ops<lower<with<conv2d<8, 3>, relu, mixed_pool<3, 2>>>>() == "conv u8*i8->i8, mixed_pool i8->i8" + head);
  CHECK(ops<lower<with<mixed_pool<2>>, f32>>() == "mixed_pool u8->f32" + float_head);
  // In a stream it stays on the stream's scale.
  using net = with<conv2d<8, 3>, mixed_pool<2>, residual<sign, conv2d<8, 3, binary>>, mixed_pool<2>>;
  CHECK(ops<lower<net>>() ==
        "conv u8*i8->i16, mixed_pool i16->i16, pointwise i16->bits, conv bits*bits+=i16, mixed_pool i16->i8" + head);
  const auto& p = lower<net>::program;
  CHECK(p.tensors[p.steps[0].out].group == p.tensors[p.steps[1].out].group);
  CHECK(p.tensors[p.steps[4].out].group != p.tensors[p.steps[1].out].group);
  check_program<lower<net>>();
  using small = network<image<7, 6, 2>, stage<conv2d<4, 3>>, exit_head<3, sdn_pool>, stage<mixed_pool<1>, relu>,
                        exit_head<3, mixed_pool<1, 2>>>;
  CHECK(ops<lower<small>>() ==
        "conv u8*i8->i8 | conv i8*i8->i32 || pointwise i8->i8 | mixed_pool i8->i8, conv i8*i8->i32");
  check_program<lower<small>>();
}

TEST_CASE("lower: flatten is nothing, leaks and shifts are output stages") {
  using net = network<image<4, 4, 4>, stage<conv2d<8, 3>, flatten, dense<6>, prelu>, exit_head<3, flatten>>;
  CHECK(ops<lower<net>>() == "conv u8*i8->i8, conv i8*i8->i8~ | conv i8*i8->i32");
  CHECK(ops<lower<with<max_pool<2>, prelu>>>() == "max_pool u8->u8, pointwise u8->i8~" + head);
  CHECK(ops<lower<with<max_pool<2>, shift, prelu, shift>>>() == "max_pool u8->u8, pointwise u8->i8~" + head);
  CHECK(ops<lower<with<max_pool<2>, rsign>>>() ==
        "max_pool u8->u8, pointwise u8->bits | avg_pool bits->i8, conv i8*i8->i32");
  check_program<lower<net>>();
}

TEST_CASE("lower: concat copies every branch into its channels") {
  using net = with<conv2d<8, 3>, relu, concat<branch<>, branch<conv2d<5, 3>>, branch<max_pool<1>>>>;
  CHECK(ops<lower<net>>() ==
        "conv u8*i8->i8, conv i8*i8->i8, max_pool i8->i8, copy i8->i8@0, copy i8->i8@8, copy i8->i8@13" + head);
  const auto& p = lower<net>::program;
  CHECK(p.steps[1].in == p.steps[0].out);  // both branches read what the concat reads
  CHECK(p.steps[2].in == p.steps[0].out);
  CHECK(p.steps[3].in == p.steps[0].out);
  CHECK(p.steps[4].in == p.steps[1].out);
  CHECK(p.steps[5].in == p.steps[2].out);
  CHECK(p.steps[4].out == p.steps[3].out);
  CHECK(p.steps[5].out == p.steps[3].out);
  CHECK(p.tensors[p.steps[3].out].extent == shape{8, 8, 21});
  CHECK(p.steps[4].op.geometry.in == shape{8, 8, 5});
  check_program<lower<net>>();  // one scale for all
  check_program<lower<net, f32>>();

  // Signs stay bits; where they meet numbers they become numbers.
  CHECK(ops<lower<
            with<conv2d<33, 3>, sign, concat<branch<>, branch<conv2d<8, 3, binary>, sign>>, conv2d<4, 3, binary>>>>() ==
        "conv u8*i8->bits, conv bits*bits->bits, copy bits->bits@0, copy bits->bits@33, conv bits*bits->i8" + head);
  using mixed = with<conv2d<8, 3>, sign, concat<branch<>, branch<conv2d<4, 3, binary>>>>;
  CHECK(ops<lower<mixed>>() ==
        "conv u8*i8->bits, conv bits*bits->i8, pointwise bits->i8, copy i8->i8@0, copy i8->i8@8" + head);
  check_program<lower<mixed>>();
  // The caller's pixels become i8 as any change of kind does it.
  CHECK(ops<lower<with<concat<branch<>, branch<conv2d<4, 3>>>>>>() ==
        "conv u8*i8->i8, pointwise u8->i8, copy i8->i8@0, copy i8->i8@4" + head);
}

TEST_CASE("lower: concats and residuals within each other") {
  // A branch that is a residual must not add into what the other branch reads.
  using inner = with<conv2d<8, 3>, concat<branch<residual<sign, conv2d<8, 3, binary>>>, branch<>>>;
  CHECK(ops<lower<inner>>() == "conv u8*i8->i8, pointwise i8->i16, pointwise i16->bits, conv bits*bits+=i16, "
                               "pointwise i16->i8, copy i8->i8@0, copy i8->i8@8" +
                                   head);
  const auto& p = lower<inner>::program;
  CHECK(p.steps[6].in == p.steps[0].out);
  CHECK(p.steps[3].out == p.steps[1].out);
  CHECK(p.steps[3].out != p.steps[0].out);
  // In float the stream has the kind of everything else: a copy is made all the same.
  CHECK(ops<lower<inner, f32>>() == "conv u8*f32->f32, pointwise f32->f32, pointwise f32->bits, conv bits*bits+=f32, "
                                    "copy f32->f32@0, copy f32->f32@8" +
                                        float_head);
  check_program<lower<inner>>();
  check_program<lower<inner, f32>>();
  check_program<lower<inner, i8, i8>>();

  // In a residual's body: the stream is read by a branch, then added into.
  using outer = with<conv2d<8, 3>, residual<concat<branch<>, branch<sign, conv2d<8, 3, binary>, batch_norm>>, sign,
                                            conv2d<8, 1, binary>, prelu>>;
  CHECK(ops<lower<outer>>() ==
        "conv u8*i8->i16, pointwise i16->bits, conv bits*bits->i8, pointwise i16->i8, copy i8->i8@0, copy i8->i8@8, "
        "pointwise i8->bits, conv bits*bits+=i16~ | avg_pool i16->i8, conv i8*i8->i32");
  check_program<lower<outer>>();
  check_program<lower<outer, f32>>();
  check_program<lower<outer, i8, i8>>();

  // What goes on as a stream is put together as a stream.
  check_program<lower<with<conv2d<8, 3>, binary_dense_block<8>, binary_dense_block<8>, reactnet_block<24, 2>>>>();
  check_program<lower<with<conv2d<8, 3>, binary_dense_block<8>, binary_dense_block<8>, reactnet_block<24, 2>>, f32>>();
  CHECK(
      ops<lower<with<conv2d<8, 3>, concat<branch<>, branch<conv2d<8, 1>>>, residual<sign, conv2d<16, 3, binary>>>>>() ==
      "conv u8*i8->i8, conv i8*i8->i16, pointwise i8->i16, copy i16->i16@0, copy i16->i16@8, pointwise i16->bits, "
      "conv bits*bits+=i16 | avg_pool i16->i8, conv i8*i8->i32");
}

TEST_CASE("lower: blocks of the literature") {
  CHECK(ops<lower<with<conv2d<8, 3>, bireal_block<8>>>>() ==
        "conv u8*i8->i16, pointwise i16->bits, conv bits*bits+=i16 | avg_pool i16->i8, conv i8*i8->i32");
  CHECK(ops<lower<with<conv2d<8, 3>, quicknet_block<8>, quicknet_transition<16>>>>() ==
        "conv u8*i8->i16, pointwise i16->bits, conv bits*bits+=i16^, pointwise i16->i8, max_pool i8->i8, conv "
        "i8*i8->i8/8, "
        "conv i8*i8->i8" +
            head);
  CHECK(ops<lower<with<conv2d<8, 3>, reactnet_block<16, 2>>>>() ==
        "conv u8*i8->i16, avg_pool i16->i16, pointwise i16->bits, conv bits*bits+=i16, pointwise i16->i8~" + head);
  CHECK(ops<lower<with<conv2d<8, 3>, binary_dense_block<4>>>>() ==
        "conv u8*i8->i8, pointwise i8->bits, conv bits*bits->i8, copy i8->i8@0, copy i8->i8@8" + head);
}

TEST_CASE("lower: a cascade reads the previous exit's logits and adds to these") {
  using net = network<image<8, 8, 4>, stage<conv2d<8, 3>>, exit_head<3>, stage<conv2d<8, 3>>, cascade_head<3>,
                      stage<conv2d<8, 3>>, cascade_head<3, flatten>>;
  const std::string link = ", pointwise i32->i16, conv i16*i8+=i32";
  CHECK(ops<lower<net>>() ==
        "conv u8*i8->i8" + head + " || conv i8*i8->i8" + head + link + " || conv i8*i8->i8 | conv i8*i8->i32" + link);
  const auto& p = lower<net>::program;
  CHECK(p.steps[6].in == p.logits[0]);
  CHECK(p.steps[7].out == p.logits[1]);
  CHECK(p.steps[5].out == p.logits[1]);
  CHECK(p.logits[1] != p.logits[0]);
  CHECK(p.steps[10].in == p.logits[1]);
  CHECK(p.steps[11].out == p.logits[2]);
  CHECK(p.steps[8].in == p.steps[3].out);  // the next stage reads the stage before it
  check_program<lower<net>>();
  CHECK(ops<lower<net, f32>>() ==
        "conv u8*f32->f32" + float_head + " || conv f32*f32->f32" + float_head +
            ", conv f32*f32+=f32 || conv f32*f32->f32 | conv f32*f32->f32, conv f32*f32+=f32");
  check_program<lower<net, f32>>();
}

TEST_CASE("lower: users' ops get the kinds they declare") {
  CHECK(ops<lower<with<conv2d<8, 3>, user_layer<own<kind::none, kind::none>>>>>() ==
        "conv u8*i8->i8, user i8->i8" + head);
  CHECK(ops<lower<with<conv2d<8, 3>, user_layer<own<kind::none, kind::none>>>, f32>>() ==
        "conv u8*f32->f32, user f32->f32" + float_head);
  CHECK(ops<lower<with<conv2d<8, 3>, user_layer<own<f32, i16>>>>>() ==
        "conv u8*i8->i8, pointwise i8->f32, user f32->i16 | avg_pool i16->i8, conv i8*i8->i32");
  CHECK(ops<lower<with<user_layer<own<u8, i8>>>>>() == "user u8->i8" + head);
  CHECK(ops<lower<with<conv2d<8, 3>, residual<user_layer<own<i8, i8>>, sign, conv2d<8, 3, binary>>>>>() ==
        "conv u8*i8->i16, pointwise i16->i8, user i8->i8, pointwise i8->bits, conv bits*bits+=i16 | avg_pool i16->i8, "
        "conv i8*i8->i32");
  using net = with<conv2d<8, 3>, user_layer<own<i16, f32>>, conv2d<4, 1>>;
  CHECK(ops<lower<net>>() ==
        "conv u8*i8->i8, pointwise i8->i16, user i16->f32, pointwise f32->i8, conv i8*i8->i8" + head);
  CHECK(lower<net>::program.steps[2].op.signature.user == net::view().layers[1].user);
  check_program<lower<net>>();
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

  // A concat that reads what the first stage left must not change its scale either, nor a cascade its logits.
  using joined =
      network<image<8, 8, 1>, stage<conv2d<4, 3>>, exit_head<3>, stage<concat<branch<conv2d<4, 3>>, branch<>>>,
              cascade_head<3>, stage<concat<branch<residual<sign, conv2d<8, 3, binary>>>, branch<>>>, cascade_head<3>>;
  same_prefix(lower<cut<joined, 1>>::program, lower<joined>::program);
  same_prefix(lower<cut<joined, 2>>::program, lower<joined>::program);
  same_prefix(lower<cut<joined, 2>, f32>::program, lower<joined, f32>::program);
  check_program<lower<joined>>();
}

TEST_CASE("lower: the kinds chosen are part of the identity") {
  using net = with<conv2d<8, 3>, residual<sign, conv2d<8, 3, binary>>>;
  CHECK(lower<net>::hash(0) != lower<net, f32>::hash(0));
  CHECK(lower<net>::hash(0) != lower<net, i8, i8>::hash(0));
  CHECK(lower<net>::hash(0) == lower<net, i8, i16>::hash(0));
}
