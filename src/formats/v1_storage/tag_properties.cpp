// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/json.hpp>
#include <regctl/formats/v1_storage.hpp>

#include <array>
#include <cstdint>
#include <ctime>
#include <utility>

namespace regctl {

std::string print_tag_properties(std::string_view user_agent) {
  // The keys, each with the product's name in the User-Agent of engines: "docker/1.6.2 go/go1.4.2
  // kernel/3.19.0".
  constexpr std::array<std::pair<const char*, const char*>, 5> k_products = {
      {{"docker_version", "docker"},
       {"docker_go_version", "go"},
       {"kernel", "kernel"},
       {"os", "os"},
       {"arch", "arch"}}};
  const auto agent = " " + std::string(user_agent);
  auto properties = Json::object();
  properties["last_update"] = static_cast<std::int64_t>(std::time(nullptr));
  for (const auto& [key, product] : k_products) {
    const auto begin = " " + std::string(product) + "/";
    if (const auto found = agent.find(begin); found != std::string::npos) {
      const auto value = agent.substr(found + begin.size());
      properties[key] = value.substr(0, value.find(' '));
    }
  }
  return print_spaced_json(properties);
}

} // namespace regctl
