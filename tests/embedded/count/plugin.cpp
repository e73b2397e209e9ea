// Counts the instructions that a guest executes between two markers (markers.hpp): exactly, the same in every run, for
// emulated boards and for programs of Linux. At every end marker one line goes to standard output,
//   insns=N loads=N stores=N mul=N branch=N taken=N [m4cyc=N] [ MNEMONIC=N ...]
// The markers are not counted. `m4cyc` (32-bit Arm) estimates cycles of a Cortex-M4 without wait states, from the
// costs in its reference manual: arithmetic 1; a load 2, or 1 behind another single load or store; a store 1; N
// registers 1 + N; a division 6; a taken branch 2 more. `mix=1` adds the 24 commonest mnemonics. One thread only.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "tests/embedded/count/qemu_plugin.hpp"

namespace {

using text = std::string_view;

enum class architecture { arm, aarch64, riscv, x86 };
enum class marker { none, begin, end };
enum counter { insns, loads, stores, multiplications, branches, taken, cycles, counters };

architecture arch;
bool m_profile;
bool wants_mix;
using counts = std::array<std::uint64_t, counters>;
counts now, begun;
struct mnemonic_count {
  std::uint64_t now = 0, begun = 0;
};
std::map<std::string, mnemonic_count, std::less<>> mix;  // a map, for the emulated code knows addresses of its counts
std::uint64_t next_in_sequence;

// QEMU 7.2 counts the half word it peeks at when the next Thumb instruction crosses a page, so the encoding is asked.
std::size_t size_of(const qemu_plugin_insn* instruction) {
  if (!m_profile) return qemu_plugin_insn_size(instruction);
  std::uint16_t half;
  std::memcpy(&half, qemu_plugin_insn_data(instruction), sizeof half);
  return half >= 0xe800 ? 4 : 2;
}

marker marker_of(const qemu_plugin_insn* instruction) {
  const std::size_t size = size_of(instruction);
  std::uint32_t word = 0;
  std::memcpy(&word, qemu_plugin_insn_data(instruction), std::min<std::size_t>(size, 4));
  const auto is = [&](std::uint32_t begin, std::uint32_t end) {
    return word == begin ? marker::begin : word == end ? marker::end : marker::none;
  };
  switch (arch) {
    case architecture::arm: return size == 2 ? is(0x46d2, 0x46db) : is(0xe1a0a00a, 0xe1a0b00b);
    case architecture::aarch64: return is(0xaa1b03fb, 0xaa1c03fc);
    case architecture::riscv: return is(0x51100013, 0x51200013);
    case architecture::x86: return size == 3 ? is(0xdb8766, 0xc98766) : marker::none;
  }
  return marker::none;
}

void on_begin(unsigned, void*) {
  begun = now;
  for (auto& [name, count] : mix) count.begun = count.now;
}

void on_end(unsigned, void*) {
  counts n;
  for (std::size_t i = 0; i < counters; ++i) n[i] = now[i] - begun[i];
  n[cycles] += 2 * n[taken];
  static constexpr std::array names{"insns=", " loads=", " stores=", " mul=", " branch=", " taken=", " m4cyc="};
  std::string line;
  for (std::size_t i = 0; i < counters; ++i)
    if (i != cycles || arch == architecture::arm) line += names[i] + std::to_string(n[i]);
  std::vector<std::pair<std::uint64_t, text>> common;
  for (const auto& [name, count] : mix) common.emplace_back(count.now - count.begun, name);
  std::sort(common.rbegin(), common.rend());
  if (common.size() > 24) common.resize(24);
  for (const auto& [count, name] : common)
    if (count > 0) line += " " + std::string{name} + "=" + std::to_string(count);
  line += '\n';
  if (write(STDOUT_FILENO, line.data(), line.size()) < 0) std::abort();
}

struct block {
  std::uint64_t begin, end;
};
void on_block(unsigned, void* data) {
  const auto* b = static_cast<const block*>(data);
  if (next_in_sequence != 0 && b->begin != next_in_sequence) ++now[taken];
  next_in_sequence = b->end;
}

bool begins_with_one_of(text s, std::initializer_list<text> heads) {
  return std::any_of(heads.begin(), heads.end(), [&](text head) { return s.starts_with(head); });
}
bool one_of(text s, std::initializer_list<text> all) { return std::find(all.begin(), all.end(), s) != all.end(); }

// Registers named in a list like {r0, r2-r5, lr}.
int listed_registers(text operands) {
  const std::size_t open = operands.find('{');
  if (open == text::npos) return 1;
  int n = 0, last = -1;
  bool range = false;
  for (std::size_t i = open + 1; i < operands.size() && operands[i] != '}'; ++i) {
    const text rest = operands.substr(i);
    static constexpr std::array<std::pair<text, int>, 7> named{
        {{"sb", 9}, {"sl", 10}, {"fp", 11}, {"ip", 12}, {"sp", 13}, {"lr", 14}, {"pc", 15}}};
    int which = -1;
    for (const auto& [name, number] : named)
      if (rest.starts_with(name)) which = number, ++i;
    if (which < 0 && std::strchr("rsdq", rest[0]) != nullptr && rest.size() > 1 && std::isdigit(rest[1]) != 0) {
      which = 0;
      while (i + 1 < operands.size() && std::isdigit(operands[i + 1]) != 0) which = 10 * which + operands[++i] - '0';
    }
    if (which < 0) {
      range = range || rest[0] == '-';
      continue;
    }
    n += range ? which - last : 1;
    range = false;
    last = which;
  }
  return std::max(n, 1);
}

struct properties {
  bool load = false, store = false, multiplication = false, branch = false;
};
properties properties_of(text name, text operands) {
  const bool memory = operands.find('[') != text::npos || operands.find('(') != text::npos;
  switch (arch) {
    case architecture::arm:
      return {begins_with_one_of(name, {"ldr", "ldm", "pop", "vld", "vpop"}),
              begins_with_one_of(name, {"str", "stm", "push", "vst", "vpush"}),
              begins_with_one_of(name, {"mul", "mla", "mls", "sm", "umull", "umlal", "umaal"}),
              begins_with_one_of(name, {"bl", "bx", "cbz", "cbnz", "tb"}) || operands.find("pc}") != text::npos ||
                  (name[0] == 'b' && name.size() <= 5 && !begins_with_one_of(name, {"bic", "bfc", "bfi", "bkpt"}))};
    case architecture::aarch64:
      return {memory && name.starts_with("ld"), memory && name.starts_with("st"),
              begins_with_one_of(name, {"mul", "madd", "sdot", "udot", "smlal", "smull", "mla"}),
              one_of(name, {"b", "bl", "ret"}) || begins_with_one_of(name, {"b.", "br", "cb", "tb"})};
    case architecture::riscv:
      return {memory && name[0] == 'l', memory && begins_with_one_of(name, {"s", "c.s"}), name.starts_with("mul"),
              name[0] == 'b' || name[0] == 'j' || name.starts_with("ret")};
    case architecture::x86:
      return {memory, false, name.find("mul") != text::npos,
              name[0] == 'j' || begins_with_one_of(name, {"call", "ret"})};
  }
  return {};
}

void count_instruction(qemu_plugin_insn* instruction, bool& behind_memory) {
  const auto add = [&](std::uint64_t& to, std::uint64_t n) {
    qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64, &to, n);
  };
  add(now[insns], 1);
  char* const disassembly = qemu_plugin_insn_disas(instruction);
  text all = disassembly == nullptr ? "?" : disassembly;
  all.remove_prefix(std::min(all.find_first_not_of(" \t"), all.size() - 1));
  const text name = all.substr(0, all.find_first_of(" \t"));
  const text operands = all.substr(name.size());
  if (wants_mix) add(mix.try_emplace(std::string{name}).first->second.now, 1);

  const properties is = properties_of(name, operands);
  if (is.load) add(now[loads], 1);
  if (is.store) add(now[stores], 1);
  if (is.multiplication) add(now[multiplications], 1);
  if (is.branch) add(now[branches], 1);
  const bool memory = is.load || is.store;
  const bool many = memory && (operands.find('{') != text::npos || begins_with_one_of(name, {"ldrd", "strd"}));
  int cost = 1;
  if (many)
    cost = operands.find('{') == text::npos ? 3 : 1 + listed_registers(operands);
  else if (is.load)
    cost = behind_memory ? 1 : 2;
  else if (begins_with_one_of(name, {"udiv", "sdiv"}))
    cost = 6;
  behind_memory = memory && !many;
  add(now[cycles], static_cast<std::uint64_t>(cost));
  std::free(disassembly);
}

void on_translation(qemu_plugin_id_t, qemu_plugin_tb* tb) {
  static std::vector<std::unique_ptr<block>> blocks;  // as long as the emulated code
  const std::size_t n = qemu_plugin_tb_n_insns(tb);
  const qemu_plugin_insn* last = qemu_plugin_tb_get_insn(tb, n - 1);
  blocks.push_back(
      std::make_unique<block>(block{qemu_plugin_tb_vaddr(tb), qemu_plugin_insn_vaddr(last) + size_of(last)}));
  qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, blocks.back().get());
  bool behind_memory = false;
  for (std::size_t i = 0; i < n; ++i) {
    qemu_plugin_insn* const instruction = qemu_plugin_tb_get_insn(tb, i);
    const marker m = marker_of(instruction);
    if (m == marker::none)
      count_instruction(instruction, behind_memory);
    else
      qemu_plugin_register_vcpu_insn_exec_cb(instruction, m == marker::begin ? on_begin : on_end,
                                             QEMU_PLUGIN_CB_NO_REGS, nullptr);
  }
}

}  // namespace

extern "C" {

[[gnu::visibility("default")]] extern int qemu_plugin_version;
int qemu_plugin_version = 1;

[[gnu::visibility("default")]] int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t* info, int argc,
                                                       char** argv) {
  for (int i = 0; i < argc; ++i) wants_mix = wants_mix || one_of(argv[i], {"mix=1", "mix=on", "mix=true"});
  const text name = info->target_name;
  arch = name.starts_with("arm")       ? architecture::arm
         : name.starts_with("aarch64") ? architecture::aarch64
         : name.starts_with("riscv")   ? architecture::riscv
                                       : architecture::x86;
  m_profile = arch == architecture::arm && info->system_emulation;
  qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
  return 0;
}

}  // extern "C"
