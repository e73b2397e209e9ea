// what: training recipes compared: joint, SDN, Zero Time Waste, boosted; float and binary, two data sets (--list, --merge)
// needs: libjpeg62-turbo-dev gnuplot-nox
// Every row (data set, network, recipe, seed) is trained, judged and stored by itself: a row that is there is not run
// again, an interrupted one goes on. Rows spread over processes and machines with --shard; --merge makes the tables.
#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>
#include <string>

#include <CLI/CLI.hpp>

#include "benchmarks/study/forecast.hpp"
#include "benchmarks/study/merge.hpp"

namespace {

using namespace study;
namespace fs = std::filesystem;

class data_sets {
 public:
  explicit data_sets(int images) : images_{images} {}
  const host::dataset& of(const row& r) {
    auto at = loaded_.find(r.on->data);
    if (at == loaded_.end()) at = loaded_.emplace(r.on->data, load(r.on->data, images_)).first;
    return at->second;
  }

 private:
  int images_;
  std::map<std::string, host::dataset> loaded_;
};

// "2/8"
std::pair<int, int> parse_shard(const std::string& text) {
  const std::size_t slash = text.find('/');
  try {
    if (slash != std::string::npos) return {std::stoi(text.substr(0, slash)), std::stoi(text.substr(slash + 1))};
  } catch (const std::exception&) {}
  throw host::error("--shard is " + text + ", expected i/n such as 2/8");
}

void run(const std::vector<row>& rows, const settings& s) {
  for (const char* folder : {"rows", "checkpoints"}) fs::create_directories(s.out / folder);
  data_sets data{s.images};
  forecast times{s};
  std::vector<row> open;
  std::vector<double> predicted;
  std::set<std::string> backbones;
  double left = 0;
  for (const row& r : rows) {
    if (fs::exists(result_of(r, s))) continue;
    open.push_back(r);
    predicted.push_back(times.seconds_of(r, data.of(r)));
    const row base{r.on, &all_recipes()[0], r.seed};  // trained on the way, unless it is there
    if (r.uses_backbone() && backbones.insert(base.name()).second && !fs::exists(checkpoint_of(base.name(), s)))
      predicted.back() += times.seconds_of(base, data.of(r));
    if (r.by->name == "base") backbones.insert(base.name());
    left += predicted.back();
  }
  std::cout << rows.size() << " rows, " << rows.size() - open.size() << " of them done; predicted time of the other "
            << open.size() << ": " << forecast::in_words(left) << std::endl;
  double promised = 0;
  double took = 0;
  for (std::size_t i = 0; i < open.size(); ++i) {
    std::cout << '[' << i + 1 << '/' << open.size() << "] " << open[i].name() << ", about "
              << forecast::in_words(predicted[i]) << std::endl;
    const double seconds = run_row(open[i], data.of(open[i]), s, &std::cout);
    took += seconds;
    promised += predicted[i];
    left -= predicted[i];
    std::cout << "    took " << forecast::in_words(seconds) << ", " << open.size() - i - 1
              << " rows left: " << forecast::in_words(std::max(0.0, left * took / promised)) << std::endl;
  }
  std::cout << "goal study_rows_done measured=" << rows.size() << " target=" << rows.size() << " pass\n";
}

}  // namespace

int main(int argc, char** argv) {
  settings s;
  std::string pattern = ".";
  std::string shard = "1/1";
  std::vector<std::uint64_t> seeds{1, 2, 3};
  bool list = false;
  bool merge_only = false;
  CLI::App app{"Trains and compares recipes; see benchmarks/README.md."};
  app.add_option("--rows", pattern, "only rows whose name holds this regular expression")->capture_default_str();
  app.add_option("--seeds", seeds, "such as 1,2,3; ablations take the first")->delimiter(',')->capture_default_str();
  app.add_option("--shard", shard, "i/n: the i-th of n parts of these rows")->capture_default_str();
  app.add_option("--epochs-scale", s.epoch_scale, "times all numbers of epochs")->capture_default_str();
  app.add_option("--images", s.images, "only so many training images; 0: all")->capture_default_str();
  app.add_option("--threads", s.threads, "0: all")->capture_default_str();
  app.add_flag("--bf16", s.bf16, "products of bfloat16 in training: faster on CPUs with AMX, slower elsewhere");
  app.add_option("--out", s.out, "folder of results and checkpoints")->capture_default_str();
  app.add_flag("--list", list, "names the rows, and does nothing");
  app.add_flag("--merge", merge_only, "tables, plots and goals from all results in the folder");
  CLI11_PARSE(app, argc, argv);
  try {
    if (merge_only) return merge(s.out) ? 0 : 1;
    const std::vector<subject> on = subjects();
    std::vector<row> rows = rows_of(on, pattern, seeds);
    std::vector<double> work;
    for (const row& r : rows) work.push_back(work_of(r, s.epoch_scale) * (r.on->data == "cifar10" ? 45 : 55));
    const auto [index, count] = parse_shard(shard);
    rows = shard_of(rows, work, index, count);
    if (list) {
      for (const row& r : rows) std::cout << r.name() << '\n';
      std::cout << "goal study_rows_listed measured=" << rows.size() << " target=>=1 "
                << (rows.empty() ? "fail" : "pass") << '\n';
      return rows.empty() ? 1 : 0;
    }
    run(rows, s);
    return 0;
  } catch (const std::exception& e) {
    std::cerr << "study: " << e.what() << '\n';
    return 1;
  }
}
