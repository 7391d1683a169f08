// SPDX-License-Identifier: Apache-2.0
#include "server/http/request_head.hpp"

#include <regctl/base/text.hpp>

#include <algorithm>

namespace regctl::server {

namespace {

constexpr std::size_t k_most_fields = 100;
constexpr std::size_t k_line_limit_bytes = 16 * 1024;
constexpr std::size_t k_length_digits = 18; // longer numbers do not fit into 64 bits
constexpr std::size_t k_end_of_line_bytes = 2;

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool consists_of(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return is_alphanumeric(c) || others.find(c) != std::string_view::npos;
  });
}

bool is_token(std::string_view text) {
  return !text.empty() && consists_of(text, "!#$%&'*+-.^_`|~");
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < ' ' && byte != '\t') || byte == 0x7f;
  });
}

/// Whether `text` is a host: "registry.example", "10.0.0.1:5000", "[::1]:5000"; also "", for a
/// target without authority.
bool is_host(std::string_view text) {
  auto end = text.find(':');
  if (text.starts_with('[')) {
    const auto bracket = text.find(']');
    if (bracket == std::string_view::npos || !consists_of(text.substr(1, bracket - 1), ":.%-_~")) {
      return false;
    }
    end = bracket + 1 == text.size() ? std::string_view::npos : bracket + 1;
  } else if (!consists_of(text.substr(0, end), "-._~%!$&'()*+;=")) {
    return false;
  }
  return end == std::string_view::npos ||
         (text[end] == ':' &&
          text.find_first_not_of("0123456789", end + 1) == std::string_view::npos);
}

std::vector<std::string_view> values_of(const RequestHead& head, std::string_view name) {
  std::vector<std::string_view> values;
  for (const auto& field : head.fields) {
    if (lower(field.name) == name) {
      values.push_back(field.value);
    }
  }
  return values;
}

std::optional<HeadFault> find_long_part(const RequestHead& head) {
  const auto is_long = [](const RequestHead::Field& field) {
    return field.name.size() + field.space_bytes + field.value.size() > k_line_limit_bytes;
  };
  if (head.method.size() + head.target.size() > k_line_limit_bytes) {
    return HeadFault{414, "the request line has more than 16 KiB"};
  }
  if (head.fields.size() > k_most_fields) {
    return HeadFault{431, "the request has more than 100 header fields"};
  }
  if (std::any_of(head.fields.begin(), head.fields.end(), is_long)) {
    return HeadFault{431, "a header field has more than 16 KiB"};
  }
  return std::nullopt;
}

/// The first fault of the lines, whatever their meaning; "" if there is none.
std::string find_odd_line(const RequestHead& head) {
  const auto is_odd_in_target = [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f';
  };
  if (!is_token(head.method) || head.target.empty() ||
      std::any_of(head.target.begin(), head.target.end(), is_odd_in_target)) {
    return "the request line is malformed";
  }
  auto end_bytes = head.method.size() + 1 + head.target.size() + 1;
  bool is_whole = head.version_at_bytes == end_bytes;
  end_bytes += head.version.size() + k_end_of_line_bytes;
  for (const auto& field : head.fields) {
    if (!is_token(field.name)) {
      return "the name of a header field is malformed";
    }
    if (has_control(field.value)) {
      return "a header field has a control character";
    }
    is_whole = is_whole && field.at_bytes == end_bytes;
    end_bytes +=
        field.name.size() + 1 + field.space_bytes + field.value.size() + k_end_of_line_bytes;
  }
  return is_whole && end_bytes + k_end_of_line_bytes == head.size_bytes
             ? ""
             : "the request's head has folded lines, bare line feeds, spaces or NULs where none "
               "belong";
}

/// A fault that leaves the end of the body ambiguous; "" if there is none.
std::string find_odd_framing(const RequestHead& head) {
  const auto lengths = values_of(head, "content-length");
  const auto encodings = values_of(head, "transfer-encoding");
  if (lengths.size() > 1 || encodings.size() > 1) {
    return "the request tells the length of its body twice";
  }
  if (!lengths.empty() && !encodings.empty()) {
    return "the request has both Content-Length and Transfer-Encoding";
  }
  if (!lengths.empty() && (!is_all_digits(lengths[0]) || lengths[0].size() > k_length_digits)) {
    return "Content-Length is no number";
  }
  if (!encodings.empty() && lower(encodings[0]) != "chunked") {
    return "Transfer-Encoding is not 'chunked'";
  }
  if (!encodings.empty() && head.version == "HTTP/1.0") {
    return "HTTP/1.0 has no Transfer-Encoding";
  }
  return "";
}

std::string find_odd_host(const RequestHead& head) {
  const auto hosts = values_of(head, "host");
  if (hosts.size() > 1) {
    return "the request has several Host fields";
  }
  if (hosts.empty()) {
    return head.version == "HTTP/1.0" ? "" : "the request has no Host field";
  }
  return is_host(hosts[0]) ? "" : "the Host field is malformed";
}

} // namespace

std::optional<HeadFault> find_head_fault(const RequestHead& head) {
  // Lines first: after a malformed line the sizes of the others may be wrong.
  for (auto* find : {&find_odd_line, &find_odd_framing, &find_odd_host}) {
    if (auto text = find(head); !text.empty()) {
      return HeadFault{400, std::move(text)};
    }
  }
  return find_long_part(head);
}

} // namespace regctl::server
