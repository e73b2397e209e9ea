# The table of rows (rows.sh), then the goals: of each core and layer the best path within its working memory, at the
# level of optimisation where that is worst.
BEGIN {
  # CMSIS-NN int8, instructions per call: see the head of cortex_m.sh. A binary layer has the int8 one as its peer.
  peers("cortex_m3", "32x32x16 7866090 16x16x32 6771390 8x8x64 6300726 8x8x128 24368726 dense_256x10 9752 " \
    "dense_1024x1024 3535694 depthwise_25x5x64 674334")
  m4 = "32x32x16 5487500 16x16x32 4542344 8x8x64 4155296 8x8x128 15947256 dense_256x10 5432 " \
    "dense_1024x1024 2016657 depthwise_25x5x64 599617"
  peers("cortex_m4", m4)
  peers("cortex_m7", m4)
  peers("cortex_m33", m4)
  peers("cortex_m55", "32x32x16 914859 16x16x32 596959 8x8x64 485391 8x8x128 1765791 dense_256x10 1749 " \
    "dense_1024x1024 504479 depthwise_25x5x64 166876")
  printf "%-11s %-5s %-20s %-24s %10s %8s %8s %9s %8s %6s\n", "core", "", "path", "layer", "instr.", "MAC/ins", "x fewer",
    "M4 cycles", "scratch", "stack"
}
function peers(core, list, n, i, part) {
  n = split(list, part, " ")
  for (i = 1; i < n; i += 2) peer[core, part[i]] = part[i + 1]
}
{
  core = $1; level = $2; path = $3; layer = $4; insns = $5; macs = $7; scratch = $8
  shape = layer
  sub(/^(binary|int8)_/, "", shape)
  known = (core, shape) in peer
  # A path that leaves a layer to its parent counts the same; said once.
  if ($11 == path)
    printf "%-11s %-5s %-20s %-24s %10d %8.2f %8s %9s %8d %6d%s\n", core, level, path, layer, insns, macs / insns,
      known ? sprintf("%.2f", peer[core, shape] / insns) : "-", core == "cortex_m55" ? "-" : $6, scratch, $10, $12 == "ok" ? "" : "  WRONG"
  if ($12 != "ok") { ++wrong; next }
  if (!(core in cores)) { cores[core] = ++count; order[count] = core }
  if (!(level in levels)) { levels[level] = 1; level_list[++level_count] = level }
  best(core, level, layer, "any", insns)
  if (scratch <= 2048) best(core, level, layer, 2048, insns)
  if (scratch <= 16384) best(core, level, layer, 16384, insns)
  if (scratch <= 24576) best(core, level, layer, 24576, insns)
}
function best(core, level, layer, room, insns, key) {
  key = core SUBSEP level SUBSEP layer SUBSEP room
  if (!(key in least) || insns < least[key]) least[key] = insns
}
function worst(core, layer, room, i, key, most) {
  most = 0
  for (i = 1; i <= level_count; ++i) {
    key = core SUBSEP level_list[i] SUBSEP layer SUBSEP room
    if (!(key in least)) return 0
    if (least[key] > most) most = least[key]
  }
  return most
}
function goal(name, measured, relation, target, met) {
  printf "goal %s measured=%s target=%s%.2fx %s\n", name, measured, relation, target, met ? "pass" : "fail"
  if (!met) ++missed
}
function fewer(core, shape, room, target, name, n, ratio) {
  n = worst(core, "binary_" shape, room)
  name = core "_binary_" shape "_" room / 1024 "KB"
  if (n == 0) { goal(name, "nothing", ">=", target, 0); return }
  ratio = peer[core, shape] / n
  goal(name, sprintf("%.2fx", ratio), ">=", target, ratio >= target)
}
function no_more(core, shape, n, ratio) {
  n = worst(core, "int8_" shape, "any")
  if (n == 0) { goal(core "_int8_" shape, "nothing", "<=", 1, 0); return }
  ratio = n / peer[core, shape]
  goal(core "_int8_" shape, sprintf("%.2fx", ratio), "<=", 1, ratio <= 1)
}
END {
  print ""
  printf "goals at the worst of"
  for (i = 1; i <= level_count; ++i) printf " %s", level_list[i]
  print ": times fewer instructions than CMSIS-NN int8 (binary), instructions by those of CMSIS-NN (int8)"
  for (c = 1; c <= count; ++c) {
    core = order[c]
    m3 = core == "cortex_m3"
    m55 = core == "cortex_m55"
    if (m55) {
      fewer(core, "16x16x32", 16384, 2.3)
      fewer(core, "8x8x64", 16384, 2.3)
      fewer(core, "8x8x128", 16384, 2.3)
    } else {
      fewer(core, "16x16x32", 2048, m3 ? 9.5 : 6.5)
      fewer(core, "8x8x64", 2048, m3 ? 10.5 : 7.5)
      fewer(core, "8x8x128", 2048, m3 ? 11 : 8)
    }
    if (core == "cortex_m4" || core == "cortex_m7") {
      fewer(core, "8x8x64", 24576, 9)
      fewer(core, "8x8x128", 24576, 10)
    }
    if (core == "cortex_m4" || m55) {
      no_more(core, "32x32x16")
      no_more(core, "16x16x32")
      no_more(core, "8x8x64")
      no_more(core, "8x8x128")
      no_more(core, "dense_256x10")
      no_more(core, "dense_1024x1024")
      no_more(core, "depthwise_25x5x64")
    }
  }
  if (wrong > 0) print "wrong outputs: " wrong
  exit wrong + missed > 0 || count == 0
}
