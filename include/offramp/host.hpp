// offramp for hosts: data, training, quantization, calibration, export and reports. Uses Eigen,
// zlib, threads and exceptions.
#ifndef OFFRAMP_HOST_HPP
#define OFFRAMP_HOST_HPP

#include <offramp/host/calibrate.hpp>
#include <offramp/host/calibration_error.hpp>
#include <offramp/host/compare.hpp>
#include <offramp/host/cost_table.hpp>
#include <offramp/host/curve_spread.hpp>
#include <offramp/host/dataset.hpp>
#include <offramp/host/deploy_thresholds.hpp>
#include <offramp/host/deployed.hpp>
#include <offramp/host/dispatched.hpp>
#include <offramp/host/drift_reference.hpp>
#include <offramp/host/evaluate.hpp>
#include <offramp/host/evaluated_outputs.hpp>
#include <offramp/host/exit_analysis.hpp>
#include <offramp/host/exit_outputs.hpp>
#include <offramp/host/exit_times.hpp>
#include <offramp/host/export.hpp>
#include <offramp/host/fashion_mnist.hpp>
#include <offramp/host/find_data.hpp>
#include <offramp/host/fit_ensemble.hpp>
#include <offramp/host/fit_gate.hpp>
#include <offramp/host/fold_temperature.hpp>
#include <offramp/host/guarantee_text.hpp>
#include <offramp/host/idx_dataset.hpp>
#include <offramp/host/mnist.hpp>
#include <offramp/host/model_file.hpp>
#include <offramp/host/op_profile.hpp>
#include <offramp/host/policy_words.hpp>
#include <offramp/host/quantization_aware.hpp>
#include <offramp/host/quantize.hpp>
#include <offramp/host/report.hpp>
#include <offramp/host/risk_control.hpp>
#include <offramp/host/table.hpp>
#include <offramp/host/temperature.hpp>
#include <offramp/host/train.hpp>
#include <offramp/offramp.hpp>

#endif
