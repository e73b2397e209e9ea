// The main job: a binary network with early exits classifies real images of clothing on this CPU, leaves early where it
// is sure, and shows what that gives: accuracy against cost, where the images of each class leave, how far its
// confidence can be trusted, which images are easy and which hard, what each op costs.
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include <offramp/host.hpp>

#include "fashion_mnist/network.hpp"
#include "fashion_mnist/weights.hpp"

using namespace offramp;
using fashion::device_net;
using here = path::portable;

namespace {

std::string percent(double share, int decimals = 2) { return host::fixed(100 * share, decimals) + " %"; }
std::string microseconds(double nanoseconds) { return host::fixed(nanoseconds / 1000, 1); }

// Up to ten images that leave at exit k, spread over the set.
host::exit_samples samples_of(const host::labelled_images& images, const host::exit_outputs& o,
                              const std::vector<std::int32_t>& thresholds, std::size_t k) {
  std::vector<int> all;
  for (int i = 0; i < images.count(); ++i)
    if (host::exit_of(o, static_cast<std::size_t>(i), thresholds) == k) all.push_back(i);
  host::exit_samples row{"exit " + std::to_string(k + 1), {}};
  const std::size_t shown = std::min<std::size_t>(10, all.size());
  for (std::size_t j = 0; j < shown; ++j) {
    const int i = all[j * all.size() / shown];
    row.samples.push_back({{images.image(i), images.image(i) + images.image_size()},
                           images.class_name(images.labels[static_cast<std::size_t>(i)]),
                           images.class_name(o.label[k][static_cast<std::size_t>(i)])});
  }
  return row;
}

void run(const host::labelled_images& images, const std::string& data_name, const std::filesystem::path& output,
         int repeats) {
  using plan = planned<device_net, here>;
  const bound_weights<device_net, here> weights = garment_weights;
  const auto memory = std::make_unique<arena<device_net, here>>();
  session<device_net, here> net{weights, *memory};
  if (const status s = self_test<device_net, here>(net, garment_weights.words); s != status::ok)
    throw host::error(std::string{"self test of the weights: "} + to_string(s));

  std::cout << host::cost_table<device_net, here>() << "\narena "
            << host::grouped(static_cast<long long>(offramp::memory<device_net, here>.arena_bytes)) << " B, weights "
            << host::grouped(static_cast<long long>(offramp::memory<device_net, here>.weight_bytes)) << " B\n\n";

  host::thread_pool pool;
  const host::exit_outputs outputs = host::run_all_exits(weights, images, pool);
  std::vector<std::int32_t> thresholds;
  for (int k = 0; k < device_net::exits; ++k) thresholds.push_back(weights.record(k).threshold_q16());
  const host::operating_point chosen = host::evaluate_thresholds(outputs, thresholds);
  const std::vector<std::vector<double>> times = host::time_exits(net, images, repeats, &std::cerr);
  const host::op_profile ops = host::profile_ops(weights, images.pixels);

  // The network without early exits: all stages and the last head. Its time is that of the
  // last exit less the early heads.
  double early_heads = 0;
  for (int i = 0; i < plan::steps; ++i)
    if (plan::program.steps[i].head && plan::program.steps[i].exit + 1 < device_net::exits)
      early_heads += ops.rows[static_cast<std::size_t>(i)].median;
  std::vector<double> full_times = times.back();
  for (double& t : full_times) t -= early_heads;
  const host::stream_time full = host::summarize(full_times);
  const host::stream_time adaptive = host::summarize(host::stream_times(outputs, times, thresholds));
  const double full_accuracy = host::exit_accuracy(outputs, outputs.exits() - 1);
  const auto full_ops = static_cast<double>(outputs.full_ops);

  host::table exits({"exit", "images", "share", "right", "right if all", "OPs", "time us"});
  for (int k = 0; k < outputs.exits(); ++k) {
    const auto at = static_cast<std::size_t>(k);
    exits.add({std::to_string(k + 1), std::to_string(chosen.left[at]),
               percent(chosen.left[at] / static_cast<double>(images.count()), 1),
               chosen.left[at] == 0 ? "-" : percent(chosen.correct[at] / static_cast<double>(chosen.left[at])),
               percent(host::exit_accuracy(outputs, k)), host::grouped(outputs.ops[at]),
               microseconds(host::mean(times[at]))});
  }
  host::table summary(
      {"network", "accuracy", "mean OPs", "of full", "mean time us", "p95 us", "max us", "of full time"});
  summary.add({"full (no early exit)", percent(full_accuracy), host::grouped(outputs.full_ops), "100.0 %",
               microseconds(full.mean), microseconds(full.p95), microseconds(full.maximum), "100.0 %"});
  summary.add({"adaptive", percent(chosen.accuracy), host::grouped(static_cast<long long>(chosen.mean_ops)),
               percent(chosen.mean_ops / full_ops, 1), microseconds(adaptive.mean), microseconds(adaptive.p95),
               microseconds(adaptive.maximum), percent(adaptive.mean / full.mean, 1)});
  std::cout << images.count() << " images of " << data_name << "\n\n" << exits << '\n' << summary << '\n';

  host::report_data report;
  report.title = "Fashion-MNIST with early exits";
  report.subtitle = "A binary network with " + std::to_string(device_net::exits) + " exits, " +
                    host::grouped(static_cast<long long>(offramp::memory<device_net, here>.weight_bytes)) +
                    " bytes of weights, on " + std::to_string(images.count()) + " images of " + data_name + "; path " +
                    here::name + ", one thread, batch 1.";
  report.tables = {{"Full network and adaptive network", summary},
                   {"Exits at the thresholds stored with the weights", exits}};
  if (const guarantee promised = garment_weights.promise(); promised.promised())
    report.guarantee = host::statement_of(promised) + '.';
  std::vector<std::string> class_names;
  for (int c = 0; c < images.classes; ++c) class_names.push_back(images.class_name(c));
  host::add_exit_analysis(report, outputs, host::exits_taken(outputs, thresholds), class_names);
  host::curve by_ops{"one threshold, swept", {}, {}};
  host::curve by_time{"one threshold, swept", {}, {}};
  for (const host::operating_point& p : host::sweep(outputs, host::threshold_grid(outputs, 60))) {
    by_ops.x.push_back(100 * p.mean_ops / full_ops);
    by_ops.y.push_back(100 * p.accuracy);
    by_time.x.push_back(host::mean(host::stream_times(outputs, times, p.thresholds_q16)) / 1000);
    by_time.y.push_back(100 * p.accuracy);
  }
  report.accuracy_by_operations = {by_ops};
  report.operation_marks = {{"full network", 100, 100 * full_accuracy},
                            {"stored thresholds", 100 * chosen.mean_ops / full_ops, 100 * chosen.accuracy}};
  report.accuracy_by_time = {by_time};
  report.time_marks = {{"full network", full.mean / 1000, 100 * full_accuracy},
                       {"stored thresholds", adaptive.mean / 1000, 100 * chosen.accuracy}};
  report.image_height = images.height;
  report.image_width = images.width;
  for (std::size_t k = 0; k < chosen.left.size(); ++k) {
    report.exits.push_back({"exit " + std::to_string(k + 1), chosen.left[k],
                            chosen.left[k] == 0 ? host::not_given : 100.0 * chosen.correct[k] / chosen.left[k]});
    report.samples.push_back(samples_of(images, outputs, thresholds, k));
  }
  for (int i = 0; i < plan::steps; ++i) {
    const step_desc& s = plan::program.steps[i];
    report.ops.push_back({std::to_string(i + 1) + " " + host::op_name(s), s.exit + 1, s.cost.macs, s.cost.binary_macs,
                          s.cost.weight_bytes, ops.rows[static_cast<std::size_t>(i)].median / 1000});
  }
  report.notes = {
      "The thresholds were chosen on 5,000 validation images; none of the images shown here was used to choose "
      "anything.",
      "OPs are MACs + binary MACs / 64. Every head that ran is paid for; the full network has the last head alone.",
      "Time of a stream is the mean over images of each image's median of " + std::to_string(repeats) +
          " runs. The curve with one threshold for all exits is swept on these images to be looked at, not to choose "
          "from."};
  const std::filesystem::path page = host::write_report(report, output);
  std::cout << "report: " << page.string() << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  std::string output = "report";
  std::string data;
  int count = 0;
  bool quick = false;
  CLI::App app{"Classifies Fashion-MNIST images with early exits and writes a report."};
  app.add_option("--output", output, "folder of the report")->capture_default_str();
  app.add_option("--data", data,
                 "folder with the IDX files; default: OFFRAMP_DATA_DIR, else the slice in the repository");
  app.add_option("--images", count, "use only the first so many test images; 0: all")->capture_default_str();
  app.add_flag("--quick", quick, "100 images, fewer repeats");
  CLI11_PARSE(app, argc, argv);
  try {
    const std::filesystem::path folder = data.empty() ? host::find_data("fashion-mnist") : std::filesystem::path{data};
    host::labelled_images test = host::fashion_mnist(folder).test;
    if (quick && count == 0) count = 100;
    if (count < 0 || count > test.count())
      throw host::error("--images is " + std::to_string(count) + ", expected 0 to " + std::to_string(test.count()));
    if (count > 0) test = test.slice(0, count);
    host::prepare_report_folder(output);
    run(test, "the Fashion-MNIST test set", output, quick ? 3 : 7);
    return 0;
  } catch (const host::error& e) {
    std::cerr << "fashion_mnist: " << e.what() << '\n';
    return 1;
  }
}
