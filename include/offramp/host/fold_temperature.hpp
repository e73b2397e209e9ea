// Temperatures (host/temperature.hpp) at no cost at run time: into the scale of judged logits that is stored for each
// exit; into the words of a reuse policy, which scale every head's logits as it is; or, where logits are floats and no
// policy scales them, into the last layer of each head before the network is lowered.
#ifndef OFFRAMP_HOST_FOLD_TEMPERATURE_HPP
#define OFFRAMP_HOST_FOLD_TEMPERATURE_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <offramp/core/fixed_point.hpp>
#include <offramp/exits/additive.hpp>
#include <offramp/exits/geometric_ensemble.hpp>
#include <offramp/host/error.hpp>
#include <offramp/host/export.hpp>
#include <offramp/host/model.hpp>
#include <offramp/host/policy_words.hpp>
#include <offramp/host/temperature.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

// Before reuse: heads whose logits are divided by their temperatures, for `geometric_words` and `additive_words`.
inline std::vector<head_logits> heads_at_temperatures(std::vector<head_logits> heads, std::span<const double> t) {
  detail::expect_temperatures(t, heads.size(), "heads_at_temperatures");
  for (std::size_t k = 0; k < heads.size(); ++k) heads[k].scale /= t[k];
  return heads;
}

namespace detail {

inline void scale_word(std::uint32_t& word, double factor) {
  const auto value = static_cast<double>(__builtin_bit_cast(float, word));
  word = __builtin_bit_cast(std::uint32_t, static_cast<float>(factor * value));
}

}  // namespace detail

// After reuse: the judged logits of every exit are divided by its temperature, as `apply_temperatures` does it to
// stored outputs. Throws where float heads are judged as they are (no_reuse, or a reuse policy of one's own).
template <class Lowered, class Criterion, class Reuse>
void fold_temperatures(deployment<Lowered::exits, Criterion, Reuse>& d, const quantized_model& q,
                       std::span<const double> t) {
  constexpr auto exits = static_cast<std::size_t>(Lowered::exits);
  constexpr auto classes = static_cast<std::size_t>(Lowered::classes);
  detail::expect_temperatures(t, exits, "fold_temperatures");
  const bool real = q.program.tensors[static_cast<std::size_t>(q.program.logits[0])].element == kind::f32;
  if (!real) {
    if (d.judged_scale.empty())
      for (std::size_t k = 0; k < exits; ++k) d.judged_scale.push_back(q.logit_scale(k));
    for (std::size_t k = 0; k < exits; ++k) {
      const double scale = d.judged_scale.at(k) / t[k];
      if (make_fixed_factor(scale * 65536.0).multiplier == 0)
        throw error("fold_temperatures: exit " + std::to_string(k) + " would have a logit scale of " +
                    std::to_string(scale) + ", expected at least 2^-48");
      d.judged_scale[k] = scale;
    }
    return;
  }
  const std::size_t each = format::reuse_words<Reuse, Lowered::exits, Lowered::classes>();
  detail::expect_words("reuse", d.reuse_words.size(), exits, each);
  for (std::size_t k = 0; k < exits; ++k) {
    std::uint32_t* const words = d.reuse_words.data() + k * each;
    if constexpr (Reuse::id == geometric_ensemble::id) {
      for (std::size_t i = 1; i < 1 + classes + exits; ++i) detail::scale_word(words[i], 1 / t[k]);
    } else if constexpr (Reuse::id == additive::id) {
      detail::scale_word(words[1], 1 / t[k]);
      if (k > 0) detail::scale_word(words[2], t[k - 1] / t[k]);  // what it is added to was divided, too
    } else {
      static_cast<void>(words);
      static_cast<void>(classes);
      throw error("fold_temperatures: these logits are floats, judged as they are; expected geometric_ensemble or "
                  "additive, or fold the temperatures into the model before it is lowered");
    }
  }
}

// Into a trained model: weights and bias of the dense layer that ends each head are divided by the exit's temperature;
// a cascade connection behind it likewise, and the next one is multiplied, as it reads divided logits. Throws on a head
// that ends otherwise, and on binary weights, whose size does not count.
inline void fold_temperatures(model& m, std::span<const double> t) {
  detail::expect_temperatures(t, m.exits.size(), "fold_temperatures");
  const auto scale = [](std::vector<float>& values, double factor) {
    for (float& v : values) v = static_cast<float>(factor * static_cast<double>(v));
  };
  const auto layers_of = [&m](std::size_t k) {  // the dense layer, and the cascade behind it or -1
    int dense = m.exits[k].head_last - 1;
    const auto what = [&m](int i) { return m.layers[static_cast<std::size_t>(i)].what; };
    const int cascade = what(dense) == layer_kind::cascade ? dense-- : -1;
    if (what(dense) != layer_kind::dense || m.layers[static_cast<std::size_t>(dense)].weights == kind::bits)
      throw error("fold_temperatures: the head of exit " + std::to_string(k) + " ends in " + to_string(what(dense)) +
                  ", expected a dense layer with weights that are not binary");
    return std::pair{dense, cascade};
  };
  for (std::size_t k = 0; k < t.size(); ++k) static_cast<void>(layers_of(k));  // before anything is changed
  for (std::size_t k = 0; k < t.size(); ++k) {
    const auto [dense, cascade] = layers_of(k);
    layer_parameters& p = m.parameters[static_cast<std::size_t>(dense)];
    scale(p.weights, 1 / t[k]);
    scale(p.bias, 1 / t[k]);
    if (cascade < 0) continue;
    layer_parameters& c = m.parameters[static_cast<std::size_t>(cascade)];
    scale(c.weights, t[k - 1] / t[k]);
    scale(c.bias, 1 / t[k]);
  }
}

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
