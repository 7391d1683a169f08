// SPDX-License-Identifier: Apache-2.0
#include "server/v1/image_list.hpp"

#include "server/http/responses.hpp"

#include <regctl/base/json_reader.hpp>

#include <algorithm>

namespace regctl::server {

namespace {

constexpr std::size_t k_most_images = 250'000; // long IDs reach the limit on the body first
constexpr std::string_view k_no_list = "Invalid data";
constexpr std::string_view k_no_id = "An entry has no image ID under `id'";

constexpr std::size_t k_id_limit_bytes = 128;

/// Whether an announced ID is acceptable: any text that can be a name in a path. docker-registry
/// has no limit here, and requires hexadecimal digits only when an image is pushed or pulled.
bool is_announced_id(std::string_view id) {
  return !id.empty() && id.size() <= k_id_limit_bytes && id.front() != '.' &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  c == '_' || c == '-' || c == '.';
         });
}

class ListReader final : public JsonReader {
public:
  explicit ListReader(ImageList& list) : list_(list) {}

  /// The refusal that ended the reading; nothing if the text was not JSON.
  [[nodiscard]] std::optional<Response> refusal() { return std::move(refusal_); }

private:
  bool on_begin(Shape shape) override {
    switch (depth()) {
    case 0:
      return shape == Shape::array || refuse(400, k_no_list);
    case 1:
      id_.clear();
      sum_.clear();
      return shape == Shape::object || refuse(400, k_no_id);
    default:
      return take_value("");
    }
  }

  bool on_end(Shape) override { return depth() != 1 || add_entry(); }

  bool on_key(std::string& name) override {
    if (depth() == 2) {
      member_ = name == "id" ? &id_ : name == "checksum" ? &sum_ : nullptr;
    }
    return true;
  }

  bool on_string(std::string& text) override { return take_value(text); }
  bool on_other() override { return take_value(""); }

  /// Takes the value of a member of an entry; "" for anything but text.
  bool take_value(const std::string& text) {
    if (depth() < 2) {
      return refuse(400, depth() == 0 ? k_no_list : k_no_id);
    }
    if (depth() == 2 && member_ != nullptr) {
      *member_ = text;
    }
    return true;
  }

  bool add_entry() {
    if (!is_announced_id(id_)) {
      return refuse(400, k_no_id);
    }
    if (list_.ids.size() == k_most_images) {
      return refuse(413, "the list has more than " + std::to_string(k_most_images) + " images");
    }
    list_.ids.push_back(id_);
    list_.sums.push_back(sum_);
    return true;
  }

  bool refuse(int status, std::string_view text) {
    refusal_ = error_response(status, text);
    return false;
  }

  ImageList& list_;
  std::optional<Response> refusal_;
  std::string* member_ = nullptr;
  std::string id_;
  std::string sum_;
};

} // namespace

std::optional<Response> read_image_list(std::string_view body, ImageList& list) {
  ListReader reader(list);
  if (reader.read(body)) {
    return std::nullopt;
  }
  auto refusal = reader.refusal();
  return refusal ? std::move(refusal) : error_response(400, "Error Decoding JSON");
}

} // namespace regctl::server
