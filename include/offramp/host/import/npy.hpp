// NPY, the array format of NumPy, versions 1 to 3: a magic, the length of a header, the header (a Python dictionary
// that says type, order and shape), then the numbers. https://numpy.org/doc/stable/reference/generated/numpy.lib.format
// The header is a claim from outside: what it promises is checked before anything is allocated on its word.
#ifndef OFFRAMP_HOST_IMPORT_NPY_HPP
#define OFFRAMP_HOST_IMPORT_NPY_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <offramp/core/config.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/import/state_dict.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

namespace detail {

struct npy_header {
  stored_number type;
  bool fortran_order = false;
  tensor_shape shape;
};

inline constexpr std::size_t npy_longest_header = 1u << 16;

// Where the header's text lies in the file.
struct npy_text {
  std::size_t begin = 0, end = 0;
};

inline npy_text find_npy_text(std::span<const unsigned char> bytes, const std::string& where) {
  if (bytes.size() < 10)
    throw error(where + ": truncated: found " + std::to_string(bytes.size()) + " bytes, expected an NPY header");
  constexpr unsigned char magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};
  for (std::size_t i = 0; i < sizeof magic; ++i)
    if (bytes[i] != magic[i])
      throw error(where + ": bad magic: byte " + std::to_string(i) + " is " + std::to_string(bytes[i]) + ", expected " +
                  std::to_string(magic[i]) + " (NPY)");
  if (bytes[6] < 1 || bytes[6] > 3)
    throw error(where + ": NPY version is " + std::to_string(bytes[6]) + ", expected 1, 2 or 3");
  const std::size_t begin = bytes[6] == 1 ? 10 : 12;
  if (bytes.size() < begin)
    throw error(where + ": truncated: found " + std::to_string(bytes.size()) + " bytes, expected an NPY header");
  std::size_t length = 0;
  for (std::size_t i = 8; i < begin; ++i) length |= std::size_t{bytes[i]} << (8 * (i - 8));
  if (length > npy_longest_header)
    throw error(where + ": the NPY header claims " + std::to_string(length) + " bytes, expected at most " +
                std::to_string(npy_longest_header));
  return {begin, begin + length};
}

// Reads {'descr': '<f4', 'fortran_order': False, 'shape': (64, 32, 3, 3), }, keys in any order.
class npy_header_parser {
 public:
  npy_header_parser(std::string_view text, const std::string& where) : text_{text}, where_{where} {}

  npy_header parse() {
    npy_header header;
    bool type = false, order = false, shape = false;
    take('{');
    while (!next_is('}')) {
      const std::string key = take_string();
      take(':');
      bool& seen = key == "descr" ? type : key == "fortran_order" ? order : shape;
      if (key != "descr" && key != "fortran_order" && key != "shape") fail("found the key '" + key + "'");
      if (seen) fail("found the key '" + key + "' twice");
      seen = true;
      if (key == "descr")
        header.type = type_of(take_string());
      else if (key == "fortran_order")
        header.fortran_order = take_bool();
      else
        header.shape = take_shape();
      if (!next_is('}')) take(',');
    }
    take('}');
    if (peek() != '\0') fail("found more behind the dictionary");
    if (!type || !order || !shape) fail("one of the keys is missing");
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw error(where_ + ": NPY header: " + what +
                ", expected {'descr': type, 'fortran_order': True or False, 'shape': tuple}");
  }
  [[nodiscard]] bool at_space() const {
    return at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r');
  }
  // The next character that is no space; 0 at the end.
  char peek() {
    while (at_space()) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool next_is(char c) { return peek() == c; }
  void take(char c) {
    if (!next_is(c)) fail("at character " + std::to_string(at_) + " there is no '" + c + "'");
    ++at_;
  }
  std::string take_string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("at character " + std::to_string(at_) + " there is no string");
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("a string does not end");
    std::string taken{text_.substr(at_ + 1, end - at_ - 1)};
    at_ = end + 1;
    return taken;
  }
  bool take_bool() {
    peek();
    for (const std::string_view word : {std::string_view{"True"}, std::string_view{"False"}})
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return word == "True";
      }
    fail("fortran_order is neither True nor False");
  }
  tensor_shape take_shape() {
    tensor_shape shape;
    take('(');
    while (!next_is(')')) {
      std::int64_t side = 0;
      const std::size_t first = at_;
      for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
        side = 10 * side + (text_[at_] - '0');
        if (side > static_cast<std::int64_t>(largest_import)) fail("a side of the shape is too large");
      }
      if (at_ == first) fail("the shape has a side that is no number");
      if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2 wrote 64L
      shape.push_back(side);
      if (!next_is(')')) take(',');
    }
    take(')');
    return shape;
  }
  [[nodiscard]] stored_number type_of(const std::string& name) const {
    using family = stored_number::family;
    stored_number type;
    const bool good_order = name.size() == 3 && std::string_view{"<>|="}.find(name[0]) != std::string_view::npos;
    const int size = good_order ? name[2] - '0' : 0;
    const bool power = size == 1 || size == 2 || size == 4 || size == 8;
    const char letter = good_order ? name[1] : ' ';
    const bool known = (letter == 'f' && power && size > 1) || ((letter == 'i' || letter == 'u') && power) ||
                       (letter == 'b' && size == 1);
    if (!known || (name[0] == '|' && size > 1))
      throw error(where_ + ": the numbers are of type '" + name + "', expected f2, f4, f8, i1 to i8, u1 to u8 or b1");
    type.kind = letter == 'f' ? family::ieee : letter == 'i' ? family::signed_integer : family::unsigned_integer;
    type.bytes = size;
    type.big_endian = name[0] == '>' || (name[0] == '=' && std::endian::native == std::endian::big);
    return type;
  }

  std::string_view text_;
  const std::string& where_;
  std::size_t at_ = 0;
};

// From the first index running fastest to the last one doing so.
inline std::vector<float> from_fortran_order(const tensor_shape& shape, const std::vector<float>& values) {
  std::vector<float> out(values.size());
  std::vector<std::size_t> index(shape.size()), stride(shape.size());
  std::size_t step = 1;
  for (std::size_t d = 0; d < shape.size(); ++d) stride[d] = step, step *= static_cast<std::size_t>(shape[d]);
  std::size_t from = 0;
  for (float& value : out) {
    value = values[from];
    for (std::size_t d = shape.size(); d-- > 0;) {
      from += stride[d];
      if (++index[d] < static_cast<std::size_t>(shape[d])) break;
      from -= stride[d] * index[d];
      index[d] = 0;
    }
  }
  return out;
}

}  // namespace detail

// The array of a file that lies in memory; `where` is what messages call it. Any type of number becomes float, any byte
// order and order of indices is read. Throws on anything but an intact file of numbers.
inline named_tensor read_npy(std::span<const unsigned char> bytes, const std::string& where) {
  const auto truncated = [&](std::uint64_t expected) {
    return error(where + ": truncated: found " + std::to_string(bytes.size()) + " bytes, expected " +
                 std::to_string(expected));
  };
  const detail::npy_text at = detail::find_npy_text(bytes, where);
  if (bytes.size() < at.end) throw truncated(at.end);
  const std::string_view text{reinterpret_cast<const char*>(bytes.data()) + at.begin, at.end - at.begin};
  const detail::npy_header header = detail::npy_header_parser{text, where}.parse();
  const std::uint64_t expected = at.end + detail::claimed_bytes(header.shape, header.type, where);
  if (bytes.size() < expected) throw truncated(expected);
  if (bytes.size() > expected)
    throw error(where + ": found " + std::to_string(bytes.size()) + " bytes, expected the " + std::to_string(expected) +
                " that shape " + to_text(header.shape) + " takes");
  named_tensor t{header.shape, detail::decode_all(header.type, bytes.subspan(at.end))};
  if (header.fortran_order && header.shape.size() > 1) t.values = detail::from_fortran_order(t.shape, t.values);
  return t;
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
