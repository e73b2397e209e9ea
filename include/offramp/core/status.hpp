// Errors are data: every check of outside data on the device returns a status, zero is success.
#ifndef OFFRAMP_CORE_STATUS_HPP
#define OFFRAMP_CORE_STATUS_HPP

#include <cstdint>

#include <offramp/core/config.hpp>

namespace offramp::inline OFFRAMP_ABI {

enum class [[nodiscard]] status : std::uint8_t{
    ok = 0,
    too_short,           // fewer bytes than the header needs or promises
    misaligned,          // weights must start at a multiple of 4 bytes
    bad_magic,           // not an offramp model
    old_version,         // written in a format that is no longer read
    unknown_version,     // written in a newer format
    wrong_length,        // the length in the header is not that of the data, or of its parts
    bad_checksum,        // the bytes were changed after writing
    bad_header,          // a number of the header cannot be
    bad_record,          // the scale of an exit's logits cannot be
    wrong_path,          // packed for another kernel path, or another version of it
    wrong_network,       // the structure hash belongs to another network
    wrong_criterion,     // the exit criterion's words are not stored
    wrong_reuse,         // the reuse policy's words are not stored
    known_answer_wrong,  // the network ran, and its logits differ from those stored with it
    bad_guarantee,       // what is stored about the thresholds' risk cannot be
};

// Text of a status; compile it out with OFFRAMP_NO_STATUS_TEXT.
constexpr const char* to_string(status s) {
#ifdef OFFRAMP_NO_STATUS_TEXT
  static_cast<void>(s);
  return "";
#else
  switch (s) {
    case status::ok: return "ok";
    case status::too_short: return "too short: fewer bytes than the header needs or promises";
    case status::misaligned: return "misaligned: weights must start at a multiple of 4 bytes";
    case status::bad_magic: return "bad magic: not an offramp model";
    case status::old_version: return "old version: written in a format that is no longer read, export it again";
    case status::unknown_version: return "unknown version: written in a newer format";
    case status::wrong_length: return "wrong length: the header's length is not that of the data, or of its parts";
    case status::bad_checksum: return "bad checksum: the bytes were changed after writing";
    case status::bad_header: return "bad header: a number of the header cannot be";
    case status::bad_record: return "bad record: the scale of an exit's logits cannot be";
    case status::wrong_path: return "wrong path: packed for another kernel path, or another version of it";
    case status::wrong_network: return "wrong network: the structure hash belongs to another network";
    case status::wrong_criterion: return "wrong criterion: the model stores other words than this exit criterion needs";
    case status::wrong_reuse: return "wrong reuse: the model stores other words than this reuse policy needs";
    case status::known_answer_wrong: return "known answer wrong: the logits differ from those stored with the model";
    case status::bad_guarantee: return "bad guarantee: what is stored about the thresholds' risk cannot be";
  }
  return "unknown status";
#endif
}

}  // namespace offramp::inline OFFRAMP_ABI

#endif
