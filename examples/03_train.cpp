// 03: training a network on the host, as its type says, in float with binary weights and signs where it has them: all
// exits at once. Then what each exit can and cannot tell apart.
#include <algorithm>
#include <iostream>
#include <string>
#include <vector>

#include <offramp/host.hpp>

#include "small/network.hpp"

using namespace offramp;
constexpr int exits = small::net::exits;

// Three images side by side, every second row.
static void draw(const host::labelled_images& set, const std::vector<int>& images) {
  static constexpr char ink[] = " .:-=+*#%@";
  for (int y = 1; y < set.height; y += 2) {
    for (const int i : images) {
      for (int x = 0; x < set.width; ++x) std::cout << ink[set.image(i)[y * set.width + x] * 9 / 255];
      std::cout << "   ";
    }
    std::cout << '\n';
  }
}

int main() try {
  const host::dataset data = host::fashion_mnist(host::find_data("fashion-mnist"));
  const host::model model = small::trained(data);
  const host::exit_logits logits = host::evaluate(model, data.test);
  const auto truth = [&](int i) { return int{data.test.labels[static_cast<std::size_t>(i)]}; };

  host::table t({"test images right", "exit 1", "exit 2", "exit 3", "exit 1 takes it for"});
  for (int c = 0; c < 10; ++c) {
    int right[exits] = {}, of = 0;
    std::vector<int> taken_for(10);
    for (int i = 0; i < data.test.count(); ++i) {
      if (truth(i) != c) continue;
      ++of;
      for (int k = 0; k < exits; ++k) right[k] += logits.label(k, i) == c ? 1 : 0;
      if (logits.label(0, i) != c) ++taken_for[static_cast<std::size_t>(logits.label(0, i))];
    }
    const auto worst = std::max_element(taken_for.begin(), taken_for.end());
    const auto percent = [&](int n) { return host::fixed(100.0 * n / std::max(of, 1), 0) + " %"; };
    t.add({data.test.class_name(c), percent(right[0]), percent(right[1]), percent(right[2]),
           data.test.class_name(static_cast<int>(worst - taken_for.begin())) + ", " + percent(*worst)});
  }
  const std::vector<double> all = host::accuracies(logits, data.test);
  const auto percent = [&](double share) { return host::fixed(100 * share, 1) + " %"; };
  t.add({"all", percent(all[0]), percent(all[1]), percent(all[2]), ""});
  std::cout << '\n' << t << "\nThe first exit's mistakes that the last one does not make:\n";

  std::vector<int> shown;
  for (int i = 0; i < data.test.count() && shown.size() < 3; ++i)
    if (logits.label(0, i) != truth(i) && logits.label(exits - 1, i) == truth(i)) shown.push_back(i);
  draw(data.test, shown);
  for (const int i : shown) {
    std::string line = data.test.class_name(truth(i)) + ", not " + data.test.class_name(logits.label(0, i));
    line.resize(31, ' ');
    std::cout << line;
  }
  std::cout << '\n';
  return 0;
} catch (const host::error& e) {
  std::cerr << "03_train: " << e.what() << '\n';
  return 1;
}
