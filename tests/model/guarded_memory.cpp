// Whole networks between pages that may not be touched: model, input, arena and session each lie with their end, and
// then with their start, at such a page. Every exit runs, and answers as the model says.
// covers: model/bind.hpp model/self_test.hpp exits/session.hpp
#include <doctest/doctest.h>

#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

#include <offramp/host/export.hpp>
#include <offramp/host/quantize.hpp>

#include "tests/support/guarded.hpp"
#include "tests/support/networks.hpp"
#include "tests/support/random_model.hpp"

using namespace offramp;
using offramp_test::guard;
using offramp_test::guarded_buffer;
namespace networks = offramp_test::networks;

namespace {

template <class Lowered, class Path>
void check_between_guards(std::uint64_t stream) {
  using session_t = session<Lowered, Path>;
  using pixel = typename session_t::input_element;
  const shape s = Lowered::input.extent;
  const auto images = offramp_test::random_images(s, Lowered::classes, 4, stream);
  const auto q =
      host::quantize<Lowered>(offramp_test::random_model(Lowered::network::view(), stream, false), images, 1);
  const std::vector<std::uint32_t> words =
      host::pack_model<Lowered, Path>(q, {}, {images.image(0), session_t::input_size});

  guarded_buffer model{4 * words.size()}, input{session_t::input_size}, memory{sizeof(arena<Lowered, Path>)},
      state{sizeof(session_t)};
  for (const guard side : {guard::at_end, guard::at_start}) {
    CAPTURE(Path::name);
    CAPTURE(static_cast<int>(side));
    void* at = model.take(4 * words.size(), 4, side);
    std::memcpy(at, words.data(), 4 * words.size());
    bound_weights<Lowered, Path> bound;
    const status read = bind_weights(at, 4 * words.size(), bound);
    REQUIRE(read == status::ok);

    auto* ram = new (memory.take(sizeof(arena<Lowered, Path>), alignment_of<Path>, side)) arena<Lowered, Path>;
    auto* net = new (state.take(sizeof(session_t), alignof(session_t), side)) session_t{bound, *ram};
    auto* x = reinterpret_cast<pixel*>(input.take(session_t::input_size, 1, side));
    std::memcpy(x, images.image(1), session_t::input_size);

    const status known = self_test(*net, static_cast<const std::uint32_t*>(at));
    CHECK(known == status::ok);
    CHECK(net->classify(session_t::input_view::unchecked(x)).exit >= 0);
    CHECK(net->classify(session_t::input_view::unchecked(x), confidence{2.0f}).exit == Lowered::exits - 1);
    CHECK(model.intact());
    CHECK(input.intact());
    CHECK(memory.intact());
    CHECK(state.intact());
  }
}

}  // namespace

TEST_CASE("guarded memory: residuals") { check_between_guards<lower<networks::residuals>, path::portable>(1); }
TEST_CASE("guarded memory: pools") { check_between_guards<lower<networks::pooled>, path::portable>(2); }
TEST_CASE("guarded memory: signs") { check_between_guards<lower<networks::signs>, path::reference>(3); }
TEST_CASE("guarded memory: blocks") { check_between_guards<lower<networks::blocks>, path::portable>(4); }
TEST_CASE("guarded memory: floats") { check_between_guards<lower<networks::blocks, f32>, path::portable>(4); }
TEST_CASE("guarded memory: groups and branches") { check_between_guards<lower<networks::grouped>, path::portable>(5); }
TEST_CASE("guarded memory: nested blocks") { check_between_guards<lower<networks::nested>, path::portable>(6); }
TEST_CASE("guarded memory: mixtures") { check_between_guards<lower<networks::mixed>, path::portable>(8); }
TEST_CASE("guarded memory: sequences") { check_between_guards<lower<networks::one_dimensional>, path::portable>(7); }
