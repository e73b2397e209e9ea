// A model packed for this machine and bound: what prototypes run right after training, without a generated header.
#ifndef OFFRAMP_HOST_DEPLOYED_HPP
#define OFFRAMP_HOST_DEPLOYED_HPP

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <offramp/core/status.hpp>
#include <offramp/exits/session.hpp>
#include <offramp/host/error.hpp>
#include <offramp/model/bind.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// Throws unless `words` is a model of this network, packed for this path, that these policies can run on.
template <class Lowered, class Path = path::portable, class Criterion = max_softmax, class Reuse = no_reuse>
bound_weights<Lowered, Path, Criterion, Reuse> bind_or_throw(std::span<const std::uint32_t> words,
                                                             const std::string& what) {
  bound_weights<Lowered, Path, Criterion, Reuse> bound;
  const status s = bind_weights(words.data(), words.size_bytes(), bound);
  if (s != status::ok) throw error(what + ": refused: " + to_string(s));
  return bound;
}

namespace detail {

// Moves the words so that those of the ops, from `ops` on, begin where the path likes it. Returns the place of the
// first.
template <class Path>
std::size_t align_words(std::vector<std::uint32_t>& words, std::size_t ops) {
  constexpr std::size_t unit = alignment_of<Path> / 4;
  words.reserve(words.size() + unit);
  const std::size_t address = reinterpret_cast<std::uintptr_t>(words.data()) / 4;
  const std::size_t moved = (unit - (address + ops) % unit) % unit;
  words.insert(words.begin(), moved, 0u);
  return moved;
}

}  // namespace detail

// Owns the words of a model and an arena, and is a session on them. Not movable: the session points into it.
template <class Lowered, class Path = path::portable, exit_criterion Criterion = max_softmax, class Reuse = no_reuse>
class deployed {
 public:
  using session_type = session<Lowered, Path, Criterion, Reuse>;

  // `name` stands in the message if the words are refused.
  explicit deployed(std::vector<std::uint32_t> words, const std::string& name = "deployed model")
      : words_{std::move(words)}, first_{detail::align_words<Path>(
                                      words_, format::sections_of<Lowered, Path, Criterion, Reuse>.ops)},
        arena_{std::make_unique<arena<Lowered, Path>>()}, session_{bind_or_throw<Lowered, Path, Criterion, Reuse>(
                                                                       this->words(), name),
                                                                   *arena_} {}
  deployed(const deployed&) = delete;
  deployed& operator=(const deployed&) = delete;

  session_type& operator*() { return session_; }
  session_type* operator->() { return &session_; }
  [[nodiscard]] std::span<const std::uint32_t> words() const { return std::span{words_}.subspan(first_); }

 private:
  std::vector<std::uint32_t> words_;
  std::size_t first_;
  std::unique_ptr<arena<Lowered, Path>> arena_;
  session_type session_;
};

// A view of run-time data as a session's input. Throws on a wrong number of elements, and on NaN in float inputs.
template <class Session>
typename Session::input_view checked_input(std::span<const typename Session::input_element> x) {
  if (x.size() != Session::input_size)
    throw error("classify: the input has " + std::to_string(x.size()) + " elements, expected " +
                std::to_string(Session::input_size));
  if constexpr (Session::input_kind == kind::f32)
    for (std::size_t i = 0; i < x.size(); ++i)
      if (std::isnan(x[i])) throw error("classify: input element " + std::to_string(i) + " is NaN, expected a number");
  return Session::input_view::unchecked(x.data());
}

// session.classify for data whose size is known at run time only.
template <class Session, class... Thresholds>
prediction classify(Session& session, std::span<const typename Session::input_element> x,
                    const Thresholds&... thresholds) {
  return session.classify(checked_input<Session>(x), thresholds...);
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
