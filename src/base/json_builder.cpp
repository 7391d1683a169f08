// SPDX-License-Identifier: Apache-2.0
#include "base/json_builder.hpp"

#include "base/json_mend.hpp"

#include <regctl/base/visible.hpp>

#include <algorithm>
#include <numeric>
#include <utility>

namespace regctl {

std::string too_deep() {
  return "is JSON nested more than " + std::to_string(k_json_depth_limit) + " deep";
}

std::string not_json(const Json::exception& error) {
  // The library says "[json.exception.parse_error.101] parse error at line 1, column 2: syntax
  // error …; last read: '…'". Leaves out its error number and the unreadable part of the last
  // token.
  std::string_view what = error.what();
  if (const auto end = what.find("] "); what.starts_with('[') && end != std::string_view::npos) {
    what.remove_prefix(end + 2);
  }
  return "is not JSON: " + excerpt(what);
}

bool tell_json(std::string_view text, nlohmann::json_sax<Json>& to) {
  const auto mended = mend_json(text);
  return Json::sax_parse(mended ? *mended : text, &to);
}

std::optional<std::string> JsonBuilder::read(std::string_view text) {
  return tell_json(text, *this) ? std::nullopt : std::optional(std::move(problem_));
}

bool JsonBuilder::key(string_t& name) {
  if (frames_.empty()) {
    name_ = std::move(name);
  } else {
    frames_.back().members.push_back({std::move(name), {}});
  }
  return true;
}

bool JsonBuilder::parse_error(std::size_t, const std::string&, const Json::exception& error) {
  return refuse(not_json(error));
}

bool JsonBuilder::open(Shape shape) {
  const auto depth = frames_.size() + (is_inside_ ? 1 : 0) + (is_in_list_ ? 1 : 0);
  if (depth == k_json_depth_limit) {
    return refuse(too_deep());
  }
  if (depth == 0 && of_ == (shape == Shape::array ? Of::elements : Of::members)) {
    is_inside_ = true;
    return true;
  }
  if (depth == 1 && is_inside_ && shape == Shape::array && !list_.empty() && name_ == list_) {
    is_in_list_ = true;
    return put(Json::array());
  }
  frames_.push_back({shape, {}, {}});
  return count();
}

bool JsonBuilder::close() {
  if (frames_.empty()) { // the end of an array or object whose parts are passed on, the inner one
                         // first
    (is_in_list_ ? is_in_list_ : is_inside_) = false;
    return true;
  }
  auto frame = std::move(frames_.back());
  frames_.pop_back();
  return put(frame.shape == Shape::array ? Json(std::move(frame.elements))
                                         : make_object(std::move(frame.members)));
}

bool JsonBuilder::count() {
  return ++values_ <= k_value_limit ||
         refuse("has more than " + std::to_string(k_value_limit) + " values");
}

bool JsonBuilder::put(Json value) {
  if (frames_.empty()) {
    if (of_ != Of::document && !is_inside_) {
      return refuse(of_ == Of::members ? "is not a JSON object" : "is not a JSON array");
    }
    on_part_(name_, value);
    values_ = 0;
  } else if (auto& frame = frames_.back(); frame.shape == Shape::array) {
    frame.elements.push_back(std::move(value));
  } else {
    frame.members.back().value = std::move(value);
  }
  return true;
}

bool JsonBuilder::refuse(std::string why) {
  problem_ = std::move(why);
  return false;
}

/// Of several members of one name the last counts, at the place of the first. Sorts instead of
/// hashing, since a peer can choose names that collide.
void JsonBuilder::unite(std::vector<Member>& members) {
  std::vector<std::size_t> order(members.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto difference = members[a].name.compare(members[b].name);
    return difference == 0 ? a < b : difference < 0;
  });
  std::vector<bool> is_superseded(members.size());
  std::size_t superseded = 0;
  for (std::size_t i = 1, first = 0; i < order.size(); ++i) {
    if (members[order[i]].name != members[order[first]].name) {
      first = i;
      continue;
    }
    members[order[first]].value = std::move(members[order[i]].value);
    is_superseded[order[i]] = true;
    ++superseded;
  }
  if (superseded > 0) {
    std::vector<Member> kept;
    kept.reserve(members.size() - superseded);
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (!is_superseded[i]) {
        kept.push_back(std::move(members[i]));
      }
    }
    members = std::move(kept);
  }
}

Json JsonBuilder::make_object(std::vector<Member> members) {
  unite(members);
  Json::object_t object;
  object.reserve(members.size());
  for (auto& member : members) {
    object.emplace_back(std::move(member.name), std::move(member.value));
  }
  return Json(std::move(object));
}

} // namespace regctl
