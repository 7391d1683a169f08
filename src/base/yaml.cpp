// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/yaml.hpp>

#include <yaml-cpp/yaml.h>

#include <algorithm>

namespace regctl {

namespace {

constexpr int k_node_limit = 100'000; // aliases of aliases multiply
constexpr int k_depth_limit = 100;

class Reader {
public:
  explicit Reader(std::string_view what) : what_(what) {}

  Yaml read(const YAML::Node& node, int depth) {
    const int line = std::max(node.Mark().line, 0) + 1; // an empty document has no line
    if (++nodes_ > k_node_limit || depth > k_depth_limit) {
      fail(line, "the document is too large or nested too deep");
    }
    Yaml yaml;
    yaml.line = line;
    if (node.IsScalar()) {
      yaml.kind = Yaml::Kind::scalar;
      yaml.scalar = node.Scalar();
    } else if (node.IsSequence()) {
      yaml.kind = Yaml::Kind::list;
      for (const auto& item : node) {
        yaml.items.push_back(read(item, depth + 1));
      }
    } else if (node.IsMap()) {
      yaml.kind = Yaml::Kind::map;
      read_members(node, depth, yaml);
    }
    return yaml;
  }

  [[noreturn]] void fail(int line, const std::string& why) const {
    throw Error(ErrorKind::usage, what_ + " line " + std::to_string(line) + ": " + why);
  }

private:
  void read_members(const YAML::Node& node, int depth, Yaml& yaml) {
    std::vector<Yaml> merged;
    for (const auto& member : node) {
      if (!member.first.IsScalar()) {
        fail(member.first.Mark().line + 1, "a key is not a plain word");
      }
      auto value = read(member.second, depth + 1);
      if (member.first.Scalar() == "<<") {
        merged.push_back(std::move(value));
      } else {
        yaml.members.push_back(
            {member.first.Scalar(), std::move(value), member.first.Mark().line + 1});
      }
    }
    for (const auto& other : merged) {
      for (const auto& mapping :
           other.kind == Yaml::Kind::list ? other.items : std::vector<Yaml>{other}) {
        merge(mapping, yaml);
      }
    }
  }

  static void merge(const Yaml& from, Yaml& into) {
    for (const auto& member : from.members) {
      if (into.find(member.key) == nullptr) {
        into.members.push_back(member);
      }
    }
  }

  std::string what_;
  int nodes_ = 0;
};

} // namespace

const Yaml* Yaml::find(std::string_view key) const {
  for (const auto& member : members) {
    if (member.key == key) {
      return &member.value;
    }
  }
  return nullptr;
}

Yaml parse_yaml(const std::string& text, std::string_view what) {
  Reader reader(what);
  try {
    return reader.read(YAML::Load(text), 0); // LoadAll never ends for some malformed texts
  } catch (const YAML::Exception& error) {
    reader.fail(error.mark.line + 1, error.msg);
  }
}

} // namespace regctl
