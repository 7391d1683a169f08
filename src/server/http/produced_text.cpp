// SPDX-License-Identifier: Apache-2.0
#include "server/http/produced_text.hpp"

namespace regctl::server {

std::size_t ProducedText::read(std::span<std::byte> out) {
  if (position_ == text_.size()) {
    text_.clear();
    position_ = 0;
    prepare(1);
  }
  const auto n = copy_some(as_bytes(std::string_view(text_).substr(position_)), out);
  position_ += n;
  return n;
}

bool ProducedText::prepare(std::size_t bytes) {
  while (text_.size() < bytes) {
    if (!add_to(text_)) {
      return true;
    }
  }
  return false;
}

std::string ProducedText::take() {
  auto text = text_.substr(position_);
  text_.clear();
  position_ = 0;
  return text;
}

} // namespace regctl::server
