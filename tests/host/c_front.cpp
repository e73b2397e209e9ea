// covers: host/c_front.hpp host/c_front_text.hpp
// The generated texts name what they must and leave no mark unfilled; a name that cannot stand in C is refused. That
// they compile as C99 and answer like C++ is shown by tests/consume/c_front.sh.
#include <offramp/host/c_front.hpp>

#include <fstream>
#include <iterator>
#include <string>

#include <doctest/doctest.h>

#include <offramp/exits/criteria.hpp>
#include <offramp/net/network.hpp>

#include "tests/support/host_test.hpp"

using namespace offramp;
using offramp_test::message_of;

namespace {

using net =
    network<image<4, 3, 2>, stage<conv2d<5, 3>, sign>, exit_head<3>, stage<conv2d<4, 1, binary>, relu>, exit_head<3>>;
using device = lower<net>;
using float_device = lower<net, f32>;

host::c_front front() {
  return {.name = "plum",
          .network_header = "fruit/plum.hpp",
          .network = "fruit::device",
          .weights_header = "fruit/plum_weights.hpp",
          .weights = "plum_weights"};
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

template <class Change>
std::string refused(Change&& change) {
  host::c_front f = front();
  change(f);
  return message_of([&] { (void)host::c_front_text<device>(f); });
}

}  // namespace

TEST_CASE("c_front: sizes are those of the network, names begin with the prefix") {
  const auto [header, source] = host::c_front_text<device>(front());
  CHECK(has(header, "#define PLUM_INPUT_HEIGHT 4\n#define PLUM_INPUT_WIDTH 3\n#define PLUM_INPUT_CHANNELS 2\n"
                    "#define PLUM_INPUT_ELEMENTS 24\n#define PLUM_CLASSES 3\n#define PLUM_EXITS 2\n"));
  constexpr auto sizes = memory<device, path::portable>;
  CHECK(has(header, "#define PLUM_ARENA_BYTES " + std::to_string(sizes.arena_bytes) + "\n"));
  CHECK(has(header, "#define PLUM_WEIGHT_BYTES " + std::to_string(sizes.weight_bytes) + "\n"));
  CHECK(has(header, "typedef uint8_t plum_input;"));
  CHECK(has(header, "typedef int32_t plum_logit;"));
  CHECK(has(header, "void plum_init(plum_context *context);"));
  CHECK(has(header, "  PLUM_STATUS_OK = 0,\n  PLUM_STATUS_TOO_SHORT = 1,\n"));
  CHECK(has(header, "  PLUM_LAST_EXIT = 1,\n"));
  CHECK(has(source, "#include \"plum.h\""));
  CHECK(
      has(source, "#include <offramp/offramp.hpp>\n\n#include <fruit/plum.hpp>\n#include <fruit/plum_weights.hpp>\n"));
  CHECK(has(source, "using lowered_t = fruit::device;\nusing path_t = offramp::path::portable;\n"));
  CHECK(has(source, "context_t{plum_weights, plum_weights.words}"));
}

TEST_CASE("c_front: every mark is filled in, in the header as in the source") {
  const auto files = host::c_front_text<device>(front());
  for (const std::string& text : {files.header, files.source}) {
    CHECK(text.size() > 2000);
    CHECK_FALSE(has(text, "@"));
  }
  CHECK(files.header == host::c_front_text<device>(front()).header);
}

TEST_CASE("c_front: a float network has float logits; another policy and path are named and checked") {
  host::c_front f = front();
  CHECK(has(host::c_front_text<float_device>(f).header, "typedef float plum_logit;"));
  f.criterion = "offramp::entropy";
  f.library = "third_party/offramp.hpp";
  const std::string source = host::c_front_text<device, path::reference, entropy>(f).source;
  CHECK(has(source, "using path_t = offramp::path::reference;"));
  CHECK(has(source, "offramp::session<lowered_t, path_t, offramp::entropy, offramp::no_reuse>"));
  CHECK(has(source, "offramp::entropy::id == " + std::to_string(entropy::id) + " "));
  CHECK(has(source, "#include <third_party/offramp.hpp>"));
}

TEST_CASE("c_front: without weights of its own, a model is bound and there is no init") {
  host::c_front f = front();
  f.weights_header = f.weights = "";
  const auto files = host::c_front_text<device>(f);
  CHECK_FALSE(has(files.header, "plum_init"));
  CHECK_FALSE(has(files.source, "plum_init"));
  CHECK(has(files.header, "plum_status plum_bind(plum_context *context, const void *model, size_t bytes);"));
}

TEST_CASE("c_front: what cannot stand in C or C++ is refused") {
  for (const char* name : {"", "1plum", "_plum", "plum tree", "plum-tree", "plum__tree", "plum_", "pl\xc3\xbcm", "a.b"})
    CHECK(refused([&](host::c_front& f) { f.name = name; }) ==
          "c_front: name '" + std::string{name} +
              "', expected a C identifier: a letter, then letters, digits and single underscores between them");
  CHECK(refused([](host::c_front& f) { f.name = "Plum_2_tree"; }).empty());
  CHECK(refused([](host::c_front& f) { f.network = "a; int b"; }) ==
        "c_front: network 'a; int b', expected one line of C++ without quotes or braces");
  CHECK(refused([](host::c_front& f) { f.network_header = ""; }) ==
        "c_front: network_header '', expected one line of C++ without quotes or braces");
  CHECK(refused([](host::c_front& f) { f.weights = "a\nb"; }) ==
        "c_front: weights 'a\nb', expected one line of C++ without quotes or braces");
  CHECK(refused([](host::c_front& f) { f.weights = ""; }) ==
        "c_front: weights_header 'fruit/plum_weights.hpp' and weights '', expected both or none");
}

TEST_CASE("c_front: two files, or none") {
  const offramp_test::folder folder;
  host::export_c_front<device>(front(), folder.path);
  CHECK(folder.files() == 2);
  std::ifstream in{folder.path / "plum.h"};
  CHECK(std::string{std::istreambuf_iterator<char>{in}, {}} == host::c_front_text<device>(front()).header);
  host::c_front f = front();
  f.name = "no/plum";
  CHECK(message_of([&] { host::export_c_front<device>(f, folder.path); }) != "");
  CHECK(folder.files() == 2);
  CHECK(message_of([&] {
          host::export_c_front<device>(front(), folder.path / "missing");
        }).find("plum.h: cannot be written") != std::string::npos);
}
