// Candidates of made-up outputs for the tests of frontiers: exits that know more the later they are.
#ifndef OFFRAMP_TESTS_HOST_FRONTIER_CASES_HPP
#define OFFRAMP_TESTS_HOST_FRONTIER_CASES_HPP

#include <string>
#include <utility>

#include <offramp/host/search_frontier.hpp>
#include <tests/support/random.hpp>

namespace offramp_test {

// Scores of 1 to 20; the higher, the more often the label is right.
inline offramp::host::exit_outputs made_up_outputs(std::uint64_t stream, int images, int exits, int skill = 0) {
  random_numbers truth_of{77}, random{stream};  // one task: the truth is that of all candidates
  offramp::host::exit_outputs o;
  o.classes = 10;
  for (int i = 0; i < images; ++i) o.truth.push_back(truth_of.between(0, 9));
  for (int k = 0; k < exits; ++k) {
    std::vector<std::int32_t> scores;
    std::vector<int> labels;
    for (int i = 0; i < images; ++i) {
      const int score = random.between(1, 20);
      const int t = o.truth[static_cast<std::size_t>(i)];
      labels.push_back(random.between(0, 24) < score + 2 * k + skill ? t : (t + 1) % 10);
      scores.push_back(score);
    }
    o.score_q16.push_back(std::move(scores));
    o.label.push_back(std::move(labels));
    o.ops.push_back(100 * (k + 1));
    o.scale.push_back(1);
    o.unit.push_back({});
  }
  o.full_ops = 100 * exits;
  return o;
}

inline offramp::host::frontier_candidate made_up_candidate(const std::string& name, int network, int exits,
                                                           double stage_cost, int skill = 0, int images = 60) {
  offramp::host::frontier_candidate c;
  c.name = name;
  c.choice.network = static_cast<std::uint16_t>(network);
  c.outputs = made_up_outputs(static_cast<std::uint64_t>(900 + network), images, exits, skill);
  for (int k = 1; k <= exits; ++k) c.to_exit.push_back(stage_cost * k);
  c.longest_path = 1.25 * stage_cost * exits;
  c.arena_bytes = static_cast<std::size_t>(stage_cost * 7);
  c.weight_bytes = static_cast<std::size_t>(stage_cost * 100);
  return c;
}

}  // namespace offramp_test

#endif
