// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/json_reader.hpp>
#include <regctl/model/v1/image.hpp>

#include <map>
#include <utility>

namespace regctl {

namespace {

/// Reads the wanted fields of an image's JSON and keeps nothing else. Every image of a chain is
/// read, and a document can take many times the memory of its text. Of several members of one name
/// the last counts.
class ImageReader final : public JsonReader {
public:
  [[nodiscard]] bool is_object() const noexcept { return is_object_; }

  /// The ID, which is required.
  [[nodiscard]] std::string id() const {
    const auto& member = members_.at("id");
    if (member.kind != Kind::text) {
      throw Error(ErrorKind::protocol,
                  std::string("image JSON.id ") +
                      (member.kind == Kind::absent ? "is missing" : "is not a string"));
    }
    if (!is_v1_id(member.text)) {
      throw Error(ErrorKind::protocol, "the image JSON's id is not an image ID");
    }
    return member.text;
  }

  [[nodiscard]] std::optional<std::string> parent() const {
    const auto& member = members_.at("parent");
    if (member.kind == Kind::absent || (member.kind == Kind::text && member.text.empty())) {
      return std::nullopt;
    }
    if (!is_v1_id(member.text)) {
      throw Error(ErrorKind::protocol, "the image JSON's parent is not an image ID");
    }
    return member.text;
  }

  /// A member that is only shown; "" if it is not a string.
  [[nodiscard]] std::string text(const std::string& name) const { return members_.at(name).text; }
  /// container_config.Cmd as `docker history` shows it.
  [[nodiscard]] const std::string& command() const noexcept { return command_; }
  [[nodiscard]] std::optional<std::uint64_t> size_bytes() const noexcept { return size_bytes_; }

private:
  enum class Kind { absent, text, other };
  struct Member {
    Kind kind = Kind::absent;
    std::string text;
  };

  bool on_key(std::string& name) override {
    if (depth() == 1) {
      member_ = std::move(name);
    } else if (depth() == 2) {
      config_member_ = std::move(name);
    }
    return true;
  }

  bool on_begin(Shape shape) override {
    is_object_ = is_object_ || (depth() == 0 && shape == Shape::object);
    take(Kind::other, "");
    if (depth() == 1) {
      config_member_.clear();
    }
    is_in_command_ = is_in_command_ || (is_command() && shape == Shape::array);
    return true;
  }

  bool on_end(Shape) override {
    is_in_command_ = is_in_command_ && depth() > 2;
    return true;
  }

  bool on_string(std::string& text) override {
    if (is_in_command_ && depth() == 3) {
      command_ += (command_.empty() ? "" : " ") + text;
    }
    return take(Kind::text, text);
  }

  bool on_number(std::uint64_t value) override {
    take(Kind::other, "");
    if (depth() == 1 && member_ == "Size") {
      size_bytes_ = value;
    }
    return true;
  }

  bool on_null() override { return take(Kind::absent, ""); }
  bool on_other() override { return take(Kind::other, ""); }

  /// Takes any value.
  bool take(Kind kind, const std::string& text) {
    if (is_command() || (depth() == 1 && member_ == "container_config")) {
      command_.clear();
    }
    if (depth() == 1) {
      if (member_ == "Size") {
        size_bytes_.reset();
      }
      if (const auto found = members_.find(member_); found != members_.end()) {
        found->second = {kind, text};
      }
    }
    return true;
  }

  [[nodiscard]] bool is_command() const {
    return depth() == 2 && member_ == "container_config" && config_member_ == "Cmd";
  }

  std::map<std::string, Member> members_ = {
      {"id", {}},           {"parent", {}}, {"created", {}},
      {"comment", {}},      {"author", {}}, {"docker_version", {}},
      {"architecture", {}}, {"os", {}},     {"variant", {}}};
  std::string command_;
  std::optional<std::uint64_t> size_bytes_;
  bool is_object_ = false;
  bool is_in_command_ = false;
  std::string member_;        ///< name of the document's member being read
  std::string config_member_; ///< name of the member being read in container_config
};

} // namespace

bool is_v1_id(std::string_view text) noexcept {
  return is_lower_hex(text, 64) || is_lower_hex(text, 16);
}

std::string short_id(std::string_view id) {
  return std::string(id.substr(0, 12));
}

std::vector<std::string> all_texts(const V1Image& image) {
  auto texts = image.json_candidates;
  texts.push_back(image.json);
  return texts;
}

V1ImageInfo parse_v1_image(std::string_view json) {
  // The parser passes over a byte order mark. Registries and engines, in Python and Go, refuse it.
  if (json.starts_with("\xEF\xBB\xBF")) {
    throw Error(ErrorKind::protocol,
                "the image JSON is not JSON: it begins with a byte order mark");
  }
  ImageReader reader;
  if (!reader.read(json)) {
    throw Error(ErrorKind::protocol, "the image JSON " + reader.problem());
  }
  if (!reader.is_object()) {
    throw Error(ErrorKind::protocol, "the image JSON is not an object");
  }
  V1ImageInfo info;
  info.id = reader.id();
  info.parent = reader.parent();
  info.created = reader.text("created");
  info.created_by = reader.command();
  info.comment = reader.text("comment");
  info.author = reader.text("author");
  info.docker_version = reader.text("docker_version");
  info.architecture = reader.text("architecture");
  info.os = reader.text("os");
  info.variant = reader.text("variant");
  info.size_bytes = reader.size_bytes();
  return info;
}

std::string payload_prefix(std::string_view json) {
  return std::string(json) + "\n";
}

} // namespace regctl
