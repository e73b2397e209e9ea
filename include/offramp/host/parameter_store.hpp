// All parameters of a network in one piece of memory: what the trainer works on. The optimizer sees one long row of
// numbers, layers see their places in it; every array starts at a cache line.
#ifndef OFFRAMP_HOST_PARAMETER_STORE_HPP
#define OFFRAMP_HOST_PARAMETER_STORE_HPP

#include <cstddef>
#include <utility>
#include <vector>

#include <offramp/host/buffer.hpp>
#include <offramp/host/model.hpp>

namespace offramp::inline OFFRAMP_ABI::host {

struct parameter_slot {
  int first = 0;
  int count = 0;
};

struct layer_slots {
  parameter_slot weights, bias, gamma, beta, mean, variance;
};

struct parameter_layout {
  std::vector<layer_slots> layers;
  int total = 0;

  explicit parameter_layout(const network_view& net) {
    for (int i = 0; i < net.layer_count; ++i) {
      const layer_desc& d = net.layers[i];
      layer_slots s;
      s.weights = take(weight_count(d));
      s.bias = take(bias_count(d));
      if (d.what == layer_kind::batch_norm)
        for (parameter_slot* p : {&s.gamma, &s.beta, &s.mean, &s.variance}) *p = take(d.in.c);
      layers.push_back(s);
    }
  }

  [[nodiscard]] const layer_slots& operator[](int layer) const { return layers[static_cast<std::size_t>(layer)]; }

 private:
  parameter_slot take(int count) {
    const parameter_slot s{total, count};
    total += (count + 15) / 16 * 16;
    return s;
  }
};

template <class T>
struct parameter_store {
  parameter_layout layout;
  buffer<T> values;

  explicit parameter_store(const network_view& net) : layout{net}, values{static_cast<std::size_t>(layout.total)} {}

  explicit parameter_store(const model& m) : parameter_store{m.view()} {
    for_each(m, [](T* mine, const std::vector<float>& theirs) {
      for (std::size_t i = 0; i < theirs.size(); ++i) mine[i] = static_cast<T>(theirs[i]);
    });
  }

  // Back into a model of the same network.
  void copy_to(model& m) const {
    for_each(m, [](const T* mine, std::vector<float>& theirs) {
      for (std::size_t i = 0; i < theirs.size(); ++i) theirs[i] = static_cast<float>(mine[i]);
    });
  }

  T* at(parameter_slot s) { return values.data() + s.first; }
  const T* at(parameter_slot s) const { return values.data() + s.first; }

 private:
  template <class Model, class F>
  void for_each(Model& m, F f) {
    visit(*this, m, f);
  }
  template <class Model, class F>
  void for_each(Model& m, F f) const {
    visit(*this, m, f);
  }
  template <class Self, class Model, class F>
  static void visit(Self& self, Model& m, F f) {
    for (std::size_t i = 0; i < m.parameters.size(); ++i) {
      auto& p = m.parameters[i];
      const layer_slots& s = self.layout.layers[i];
      f(self.at(s.weights), p.weights);
      f(self.at(s.bias), p.bias);
      f(self.at(s.gamma), p.gamma);
      f(self.at(s.beta), p.beta);
      f(self.at(s.mean), p.mean);
      f(self.at(s.variance), p.variance);
    }
  }
};

}  // namespace offramp::inline OFFRAMP_ABI::host

#endif
