// SPDX-License-Identifier: Apache-2.0
#include "objects/claim.hpp"

#include <regctl/base/json.hpp>

#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <fstream>
#include <iterator>

namespace regctl::objects {

namespace {

/// The first line of a file of /proc, or what there is of it.
std::string read_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// Names this machine as long as it runs, and on it those processes that know each other's numbers:
/// containers have numbers of their own, and may all have the host's name.
std::string machine() {
  std::array<char, 256> host{};
  static_cast<void>(::gethostname(host.data(), host.size() - 1));
  std::array<char, 64> numbers{};
  static_cast<void>(::readlink("/proc/self/ns/pid", numbers.data(), numbers.size() - 1));
  return std::string(host.data()) + " " + read_line("/proc/sys/kernel/random/boot_id") + " " +
         numbers.data();
}

/// When a process started, in ticks since the machine did; empty if there is no such process.
/// Source: proc(5), field 22 of stat; the name in field 2 may have spaces and brackets.
std::string start_of(long pid) {
  const auto line = read_line("/proc/" + std::to_string(pid) + "/stat");
  const auto name_end = line.rfind(')');
  std::size_t at = name_end == std::string::npos ? line.size() : name_end + 1;
  constexpr int k_fields_between = 19;
  for (int field = 0; field <= k_fields_between && at < line.size(); ++field) {
    at = std::min(line.find(' ', at), line.size() - 1) + 1;
  }
  return line.substr(at, line.find(' ', at) - at);
}

/// What all claims of this process say.
const Json& own_process() {
  static const Json process = {
      {"machine", machine()}, {"process", ::getpid()}, {"start", start_of(::getpid())}};
  return process;
}

} // namespace

std::string new_claim() {
  static std::atomic<std::uint64_t> count = 0;
  auto claim = own_process();
  claim["claim"] = ++count;
  return claim.dump();
}

bool is_own_claim(std::string_view claim) {
  auto document = find_json(claim);
  if (!document || !document->is_object()) {
    return false;
  }
  document->erase("claim");
  return *document == own_process();
}

bool is_of_dead_process(std::string_view claim) {
  const auto document = find_json(claim);
  if (!document || !document->is_object() || optional_string(*document, "machine") != machine()) {
    return false;
  }
  const auto* process = find_member(*document, "process");
  return process != nullptr && process->is_number_integer() &&
         optional_string(*document, "start") != start_of(process->get<long>());
}

} // namespace regctl::objects
