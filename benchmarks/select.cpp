// what: the frontier of a small network family on each profiled CPU, what is chosen there, and how good choices are
// needs: libeigen3-dev libcli11-dev nlohmann-json3-dev gnuplot-nox
// Trains four networks with three exits (three widths of signs, one of int8) on Fashion-MNIST, keeps what their exits
// say about the validation images, and predicts their costs from profiles (profile_cpu leaves them). For the profile of
// this CPU, choices under random limits are compared with what measuring every point on the test images would choose.
#include <CLI/CLI.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <offramp/host.hpp>
#include <offramp/host/exit_times.hpp>
#include <offramp/host/frontier_text.hpp>
#include <offramp/host/profile_file.hpp>
#include <offramp/paths/native.hpp>
#include <offramp/paths/x86.hpp>
#include <offramp/select/selector.hpp>

#include "benchmarks/goals.hpp"
#include "benchmarks/profile_cpu/watched_core.hpp"
#include "benchmarks/profiled_path.hpp"

using namespace offramp;
using here = bench::profiled_path;

namespace {

template <int Channels>
using sign_net =
    network<image<28, 28, 1, u8>, stage<conv2d<16, 3, stride{2}>, batch_norm, bireal_block<Channels>>,
            exit_head<10, avg_pool<7>>, stage<bireal_block<2 * Channels, 2>>, exit_head<10, avg_pool<4, 3>>,
            stage<bireal_block<2 * Channels>, bireal_block<2 * Channels>>, exit_head<10, avg_pool<4, 3>>>;
using int8_net =
    network<image<28, 28, 1, u8>,
            stage<conv2d<16, 3, stride{2}>, batch_norm, relu, conv2d<32, 3, stride{2}>, batch_norm, relu>,
            exit_head<10, avg_pool<4, 3>>, stage<conv2d<32, 3>, batch_norm, relu>, exit_head<10, avg_pool<4, 3>>,
            stage<conv2d<64, 3>, batch_norm, relu, conv2d<64, 3>, batch_norm, relu>, exit_head<10, avg_pool<4, 3>>>;

std::string percent(double share) { return host::fixed(100 * share, 2) + " %"; }

bench::goals reached;

constexpr int limits = 1000, shown = 30;   // drawn
constexpr double standard_errors = 1.645;  // of means: kept on other images in 19 of 20 cases

// One round over images: ns, [exit][image].
using timer = std::function<std::vector<std::vector<double>>(const host::labelled_images&)>;

// A trained network as all parts below see it.
struct member {
  host::frontier_candidate candidate;  // without costs
  host::exit_outputs test;
  std::function<host::frontier_candidate(const profile_data&)> costs_on;  // predicted
  std::function<timer()> deploy;                                          // in memory of its own
  std::vector<std::vector<double>> took;                                  // ns, [exit][image]
  std::vector<std::vector<double>> runs;                                  // ns, [exit][run]
};

struct settings {
  int epochs = 30, rounds = 15, images = 5000, threads = 0;
  std::vector<std::string> profiles;
  std::filesystem::path output = "build/benchmarks/select";
};

template <class Net>
member make_member(const std::string& name, int number, const host::dataset& data, const settings& s,
                   host::thread_pool& pool) {
  using device = lower<Net, i8>;
  const recipes::joint recipe{
      .epochs = s.epochs, .batch = 32, .exit_weights = {0.5f, 0.7f, 1.0f}, .flip = true, .shift = 1};
  std::cout << name << '\n';
  const host::model trained =
      host::train<Net>(data.train, recipe,
                       {.threads = s.threads,
                        .checkpoint = (s.output / (name + '-' + std::to_string(s.epochs) + ".checkpoint")).string(),
                        .progress = &std::cout,
                        .validation = &data.validation});
  const host::quantized_model q = host::quantize<device>(trained, data.train.slice(0, 300));
  const std::span<const std::uint8_t> known{data.test.image(0), data.test.image_size()};
  const std::vector<std::uint32_t> words = host::pack_model<device, here>(q, {}, known);
  const host::deployed<device, here> net{words, name};
  const auto weights = host::bind_or_throw<device, here>(net.words(), name);
  member m;
  m.candidate.name = name;
  m.candidate.choice.network = static_cast<std::uint16_t>(number);
  m.candidate.outputs = host::run_all_exits(weights, data.validation, pool);
  m.test = host::run_all_exits(weights, data.test, pool);
  m.costs_on = [name, choice = m.candidate.choice, outputs = m.candidate.outputs](const profile_data& p) {
    host::frontier_candidate c;
    bool known_path = false;
    path::x86::for_each([&]<class Path>() {  // traits answer on any machine
      if (p.path_id != Path::id) return;
      c = host::with_energy<device, Path>(host::candidate_of<device>(name, choice, outputs, host::profile_for<Path>(p)),
                                          energy_45nm);
      known_path = true;
    });
    if (!known_path) throw host::error(std::string{"select: profile '"} + p.name + "' is of no path of x86");
    return c;
  };
  m.deploy = [words, name] {
    const auto copy = std::make_shared<host::deployed<device, here>>(words, name);
    return [copy](const host::labelled_images& images) { return host::time_exits(**copy, images, 1, nullptr); };
  };
  return m;
}

// What a configuration costs when measured: the mean over images of what each takes; and what the profile's share of
// all runs stays within that leave nowhere early.
struct measured_cost {
  double mean = 0, longest = 0;
};
measured_cost measure(const member& m, const std::vector<std::int32_t>& thresholds, int last, double share) {
  double sum = 0;
  const auto n = m.took[0].size();
  for (std::size_t i = 0; i < n; ++i) sum += m.took[host::exit_of(m.test, i, thresholds)][i];
  return {sum / static_cast<double>(n), host::quantile(m.runs[static_cast<std::size_t>(last)], share)};
}

// Of random limits: points of accuracy lost on average, shares of choices that lose 0.3 or less, and in time.
struct judgement {
  double lost = 0, near = 0, kept = 0;
};

// Choices from costs of these candidates against the same with every point measured. Means are raised by what the test
// images, others than the validation images, may add.
judgement judge(const std::string& how, const std::vector<member>& family,
                const std::vector<host::frontier_candidate>& candidates, const profile_data& p) {
  struct point {
    frontier_point predicted;
    measured_cost measured;
    double test_accuracy = 0;
  };
  std::vector<point> every;
  const host::searched_frontier chosen_from =
      host::search_frontier(candidates, {.merge = 0.002, .standard_errors = standard_errors});
  const auto add = [&](const host::searched_frontier& f) {
    for (int i = 0; i < f.view().count; ++i) {
      const frontier_point& at = f.view()[i];
      const member& m = family[at.choice.network];
      const std::vector<std::int32_t>& t = f.thresholds_of(i);
      every.push_back({at, measure(m, t, at.choice.last_exit(m.test.exits()), double{p.quantile}),
                       host::evaluate_thresholds(m.test, t).accuracy});
    }
  };
  for (const host::frontier_candidate& c : candidates) {
    // Alone, so that nothing is left out because of a prediction.
    host::searched_frontier f = host::search_frontier({c}, {.merge = 0});
    add(f);
  }
  const std::size_t first_chosen = every.size();
  add(chosen_from);

  host::random_source random{2026};
  const auto between = [&](double low, double high) { return low * std::pow(high / low, random.uniform()); };
  host::table t({"limit on", "us", "RAM", "chosen", "right", "takes us", "best", "right", "lost", "on test images"});
  int kept = 0, near = 0, kept_of_shown = 0, near_of_shown = 0, trials = 0;
  double lost = 0, lost_on_test = 0;
  while (trials < limits) {
    const bool mean = random.below(2) == 0;
    const auto cost = [mean](const point& q) { return mean ? q.measured.mean : q.measured.longest; };
    double low = 1e18, high = 0, least_ram = 1e18, most_ram = 0;
    for (const point& q : every) {
      low = std::min(low, cost(q)), high = std::max(high, cost(q));
      least_ram = std::min(least_ram, double(q.predicted.arena_bytes));
      most_ram = std::max(most_ram, double(q.predicted.arena_bytes));
    }
    const double deadline = between(1.1 * low, 1.1 * high), ram = between(least_ram, 1.2 * most_ram);
    const point* best = nullptr;
    for (const point& q : every)
      if (cost(q) <= deadline && q.predicted.arena_bytes <= ram &&
          (best == nullptr || q.predicted.accuracy_e4 > best->predicted.accuracy_e4))
        best = &q;
    if (best == nullptr) continue;  // nothing can be chosen
    ++trials;
    const selection found = select(chosen_from.view(), {.deadline = static_cast<std::uint32_t>(deadline),
                                                        .on = mean ? deadline_on::mean : deadline_on::longest_path,
                                                        .arena_bytes = static_cast<std::uint32_t>(ram)});
    if (found.nearest < 0) continue;
    const point& mine = every[first_chosen + static_cast<std::size_t>(found.nearest)];
    const double less = (best->predicted.accuracy_e4 - mine.predicted.accuracy_e4) / 100.0;
    const bool keeps = cost(mine) <= deadline && mine.predicted.arena_bytes <= ram;
    kept += keeps ? 1 : 0;
    near += less <= 0.3 ? 1 : 0;
    lost += less;
    lost_on_test += 100 * (best->test_accuracy - mine.test_accuracy);
    if (trials > shown) continue;
    kept_of_shown = kept, near_of_shown = near;
    const auto name = [&](const point& q) {
      return family[q.predicted.choice.network].candidate.name + " 1-" + std::to_string(q.predicted.choice.cut);
    };
    t.add({mean ? "mean" : "longest path", host::fixed(deadline / 1000, 1), host::grouped(static_cast<long long>(ram)),
           name(mine) + (found ? "" : " (nearest)"), percent(mine.predicted.accuracy_e4 / 1e4),
           host::fixed(cost(mine) / 1000, 1) + (keeps ? "" : " late"), name(*best),
           percent(best->predicted.accuracy_e4 / 1e4), host::fixed(less, 2),
           host::fixed(100 * (best->test_accuracy - mine.test_accuracy), 2)});
  }
  std::cout << '\n'
            << how << ": " << first_chosen << " points measured, chosen from " << chosen_from.points.size() << "\n\n"
            << t << "of these " << shown << ", " << near_of_shown << " lose 0.3 points or less, " << kept_of_shown
            << " are in time; of " << limits << ", " << near << " and " << kept << "; lost on test images "
            << host::fixed(lost_on_test / limits, 2) << " points on average\n";
  return {lost / limits, 100.0 * near / limits, 100.0 * kept / limits};
}

// What every network takes to its exits, in turns and in parts so short that the core is as it was before; by the
// statistic and at the clock that profiles have, and in as many places in memory as there are rounds, as there
// (profile_cpu/drawn_places.hpp). Single runs count where the core was alone.
void measure_all(std::vector<member>& family, const profile_data& p, const host::labelled_images& images, int rounds) {
  constexpr int part = 20;
  profile_cpu::watched_core core{static_cast<double>(p.alone)};
  const auto n = static_cast<std::size_t>(images.count());
  using readings = std::vector<std::vector<profile_cpu::watched_readings>>;  // [exit][image]
  std::vector<readings> of(family.size());
  std::vector<std::vector<timer>> copies(family.size());
  for (std::size_t f = 0; f < family.size(); ++f)
    for (int r = 0; r < rounds; ++r) copies[f].push_back(family[f].deploy());
  for (int r = 0; r < rounds; ++r)
    for (std::size_t f = 0; f < family.size(); ++f)
      for (int from = 0; from < images.count(); from += part) {
        core.wait(0.01);
        core.before();
        const auto now =
            copies[f][static_cast<std::size_t>(r)](images.slice(from, std::min(part, images.count() - from)));
        const auto state = core.behind();
        of[f].resize(now.size(), std::vector<profile_cpu::watched_readings>(n));
        for (std::size_t k = 0; k < now.size(); ++k)
          for (std::size_t i = 0; i < now[k].size(); ++i)
            of[f][k][static_cast<std::size_t>(from) + i].add(r, now[k][i] / profile_cpu::tick_ns(), state,
                                                             core.is_alone(state));
      }
  const double gigahertz = p.gigahertz > 0 ? static_cast<double>(p.gigahertz) : core.gigahertz();
  for (std::size_t f = 0; f < family.size(); ++f)
    for (const auto& to_exit : of[f]) {
      auto& took = family[f].took.emplace_back();
      auto& runs = family[f].runs.emplace_back();
      for (const profile_cpu::watched_readings& of_image : to_exit) {
        took.push_back(of_image.of(core.alone()).cycles / gigahertz);
        for (const double cycles : of_image.single(core.alone())) runs.push_back(cycles / gigahertz);
      }
      if (runs.empty())
        throw host::error("select: the core was never alone, expected some time without neighbours: try again later");
    }
}

void regret(std::vector<member>& family, const profile_data& p, const host::labelled_images& test, const settings& s) {
  measure_all(family, p, test.slice(0, std::min(s.images, test.count())), s.rounds);
  std::vector<host::frontier_candidate> predicted, corrected;
  host::table exits({"network", "exit", "right", "predicted us", "measured us", "error"});
  double error = 0;
  int errors = 0;
  for (const member& m : family) {
    const host::frontier_candidate c = m.costs_on(p);
    std::vector<double> took_to;
    for (std::size_t k = 0; k < c.to_exit.size(); ++k, ++errors) {
      const double took = host::mean(m.took[k]);
      took_to.push_back(took);
      error += std::fabs(c.to_exit[k] - took) / took;
      exits.add({c.name, std::to_string(k + 1), percent(host::exit_accuracy(m.test, static_cast<int>(k))),
                 host::fixed(c.to_exit[k] / 1000, 2), host::fixed(took / 1000, 2),
                 host::fixed(100 * (c.to_exit[k] / took - 1), 1) + " %"});
    }
    predicted.push_back(c);
    corrected.push_back(host::with_times(c, took_to));
  }
  std::cout << '\n' << exits << "mean error of predicted times to exits " << percent(error / errors) << '\n';
  const judgement alone = judge("from the profile alone", family, predicted, p);
  const judgement timed = judge("with the exits of each network timed, no thresholds", family, corrected, p);
  for (const auto& [name, j] : {std::pair{"profile_alone", alone}, std::pair{"exits_timed", timed}}) {
    reached.at_most(std::string{name} + "_mean_regret", j.lost, 0.3, "points");
    reached.at_least(std::string{name} + "_within_0.3_points", j.near, 95, "%");
    reached.at_least(std::string{name} + "_deadlines_kept", j.kept, 95, "%");
  }
}

int run(const settings& s) {
  std::filesystem::create_directories(s.output);
  std::vector<profile_data> profiles;
  for (const std::string& file : s.profiles) profiles.push_back(host::load_profile(file));
  const host::dataset data = host::fashion_mnist(host::find_data("fashion-mnist"));
  host::thread_pool pool{s.threads};
  std::vector<member> family;
  family.push_back(make_member<sign_net<16>>("signs-16", 0, data, s, pool));
  family.push_back(make_member<sign_net<32>>("signs-32", 1, data, s, pool));
  family.push_back(make_member<sign_net<64>>("signs-64", 2, data, s, pool));
  family.push_back(make_member<int8_net>("int8", 3, data, s, pool));

  const profile_data* mine = nullptr;
  for (const profile_data& p : profiles) {
    std::vector<host::frontier_candidate> candidates;
    for (const member& m : family) candidates.push_back(m.costs_on(p));
    const host::searched_frontier f = host::search_frontier(candidates, {.unit = p.unit, .merge = 0.03});
    std::uint32_t dearest = 0;
    for (const frontier_point& q : f.points) dearest = std::max(dearest, q.mean_cost);
    std::vector<std::pair<int, std::string>> marks;
    std::cout << "\n" << p.name << "\n";
    for (const double share : {0.25, 0.5}) {
      const selection c =
          select(f.view(), {.deadline = static_cast<std::uint32_t>(share * dearest), .on = deadline_on::mean});
      std::cout << "on average within "
                << host::detail::value_text(limit::deadline, static_cast<std::uint32_t>(share * dearest), p.unit)
                << ": " << host::describe(c, f) << '\n';
      if (c) marks.emplace_back(c.index, "within " + host::fixed(100 * share, 0) + " % of the dearest");
    }
    std::cout << '\n' << host::frontier_table(f, marks.empty() ? -1 : marks.back().first);
    const std::string stem = "frontier-" + std::to_string(&p - profiles.data());
    host::save_plot(host::frontier_plot(f, p.name, marks), s.output / (stem + ".svg"));
    host::write_file(s.output / (stem + ".hpp"), host::frontier_header(f, "family_frontier"));
    std::cout << "picture and header: " << (s.output / stem).string() << ".svg, .hpp\n";
    if (p.path_id == here::id && p.unit == time_unit::nanoseconds && mine == nullptr) mine = &p;
  }
  if (mine == nullptr)
    throw host::error(std::string{"select: found no profile of path "} + here::name +
                      " in nanoseconds, expected one of this CPU: benchmarks/run.sh profile_cpu leaves it");
  regret(family, *mine, data.test, s);
  std::cout << reached;
  return reached.all_pass() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) try {
  settings s;
  s.profiles = {std::string{"build/benchmarks/profile/"} + here::name + ".json"};
  CLI::App app{"Frontiers of a family of networks on profiled CPUs"};
  app.add_option("profiles", s.profiles, "JSON of profile_cpu, the first of this CPU")->capture_default_str();
  app.add_option("--epochs", s.epochs, "of training")->capture_default_str();
  app.add_option("--rounds", s.rounds, "of measuring")->capture_default_str();
  app.add_option("--images", s.images, "measured")->capture_default_str();
  app.add_option("--threads", s.threads, "of training, 0: all")->capture_default_str();
  app.add_option("--output", s.output, "folder")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return run(s);
} catch (const std::exception& e) {
  std::cerr << "select: " << e.what() << '\n';
  return 1;
}
