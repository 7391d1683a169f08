// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/objects/bucket.hpp>

namespace regctl::objects {

bool Bucket::put_if_absent(const std::string& key, std::string_view text) {
  if (conditions_ != Conditions::ignored) {
    if (const auto is_put = put_on_condition(key, text)) {
      return *is_put;
    }
    learn_conditions(Conditions::ignored);
  }
  if (find(key)) {
    return false;
  }
  put(key, text);
  return true;
}

/// Whether the object was written; nothing if the server does not keep the condition.
std::optional<bool> Bucket::put_on_condition(const std::string& key, std::string_view text) {
  try {
    if (!put(key, text, Condition::absent)) {
      return false;
    }
    if (conditions_ == Conditions::unknown) {
      learn_conditions(refuses_another(key, text) ? Conditions::kept : Conditions::ignored);
    }
    return true;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unsupported) {
      throw;
    }
    return std::nullopt;
  }
}

/// Whether the server refuses to write an object a second time, if there is to be none.
bool Bucket::refuses_another(const std::string& key, std::string_view text) {
  unsigned attempts = 0;
  return send_small(http::Header{"If-None-Match", "*"}, key, text, attempts).status == 412;
}

void Bucket::learn_conditions(Conditions conditions) {
  const auto before = conditions_.exchange(conditions);
  if (conditions == Conditions::ignored && before != conditions) {
    transport_.note(describe() + " keeps no conditions (If-None-Match): two writers of one image "
                                 "may not notice each other");
  }
}

bool Bucket::put_if_unchanged(const std::string& key, std::string_view text,
                              const std::string& etag) {
  const auto is_unchanged = [&] {
    const auto there = find(key);
    return there && there->etag == etag;
  };
  if (!is_unchanged()) {
    return false;
  }
  // Amazon wants the ETag of a condition in quotes, Ceph 16 without.
  const auto put_with = [&](bool is_quoted) {
    return put_if(http::Header{"If-Match", is_quoted ? "\"" + etag + "\"" : etag}, key, text)
        .has_value();
  };
  try {
    const bool is_quoted = wants_quotes_;
    if (put_with(is_quoted)) {
      return true;
    }
    if (!is_unchanged()) {
      return false;
    }
    if (put_with(!is_quoted)) { // it was the quotes that the server minded
      wants_quotes_ = !is_quoted;
      return true;
    }
    return false;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::unsupported) {
      throw;
    }
  }
  put(key, text); // nobody but this process is kept out here
  return true;
}

} // namespace regctl::objects
