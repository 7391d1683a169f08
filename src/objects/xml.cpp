// SPDX-License-Identifier: Apache-2.0
#include "objects/xml.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>

#include <expat.h>

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <span>
#include <vector>

namespace regctl::objects {

namespace {

constexpr std::size_t k_most_deep = 32;
constexpr std::size_t k_longest_text = 64 * 1024;

struct FreeParser {
  void operator()(XML_Parser parser) const noexcept { ::XML_ParserFree(parser); }
};

/// One document. Nothing may be thrown through expat, which is C: what goes wrong is kept, and the
/// parser stopped.
class XmlReader {
public:
  XmlReader(const std::string& what, const OnElement& on_element)
      : what_(what), on_element_(on_element), parser_(::XML_ParserCreate(nullptr)) {
    if (!parser_) {
      throw std::bad_alloc();
    }
    ::XML_SetUserData(parser_.get(), this);
    ::XML_SetElementHandler(parser_.get(), on_start, on_end);
    ::XML_SetCharacterDataHandler(parser_.get(), on_text);
    ::XML_SetStartDoctypeDeclHandler(parser_.get(), on_doctype);
  }

  void feed(std::span<const std::byte> bytes, bool is_last) {
    if (!has_begun_) {
      const auto begin = std::find_if_not(bytes.begin(), bytes.end(), is_white);
      bytes = {begin, bytes.end()};
      has_begun_ = !bytes.empty();
    }
    const auto status = ::XML_Parse(parser_.get(), reinterpret_cast<const char*>(bytes.data()),
                                    static_cast<int>(bytes.size()), is_last ? XML_TRUE : XML_FALSE);
    if (problem_) {
      std::rethrow_exception(problem_);
    }
    if (status != XML_STATUS_OK) {
      throw Error(ErrorKind::protocol,
                  what_ + " is no XML: " + ::XML_ErrorString(::XML_GetErrorCode(parser_.get())) +
                      " in line " + std::to_string(::XML_GetCurrentLineNumber(parser_.get())));
    }
  }

private:
  /// Does `body` unless something has gone wrong before.
  template <class Body> static void guarded(void* self, Body&& body) noexcept {
    auto& reader = *static_cast<XmlReader*>(self);
    if (reader.problem_) {
      return; // expat may call once more after it was stopped
    }
    try {
      body(reader);
    } catch (...) {
      reader.problem_ = std::current_exception();
      ::XML_StopParser(reader.parser_.get(), XML_FALSE);
    }
  }

  static void XMLCALL on_start(void* self, const XML_Char* name, const XML_Char**) {
    guarded(self, [&](XmlReader& reader) { reader.start(name); });
  }
  static void XMLCALL on_end(void* self, const XML_Char*) {
    guarded(self, [](XmlReader& reader) { reader.end(); });
  }
  static void XMLCALL on_text(void* self, const XML_Char* text, int size) {
    guarded(self, [&](XmlReader& reader) { reader.add({text, static_cast<std::size_t>(size)}); });
  }
  static void XMLCALL on_doctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*,
                                 int) {
    guarded(self, [](XmlReader& reader) {
      throw Error(ErrorKind::protocol, reader.what_ + " has a DOCTYPE, which no S3 sends");
    });
  }

  void start(std::string_view name) {
    if (texts_.size() == k_most_deep) {
      throw Error(ErrorKind::protocol, what_ + " has elements in elements without end");
    }
    name.remove_prefix(name.find(':') + 1); // 0 where there is none
    path_ += path_.empty() ? "" : "/";
    path_ += name;
    texts_.emplace_back();
  }

  void add(std::string_view text) {
    auto& whole = texts_.back();
    if (whole.size() + text.size() > k_longest_text) {
      throw Error(ErrorKind::protocol, what_ + " has more than " +
                                           std::to_string(k_longest_text / 1024) +
                                           " KiB of text in one element");
    }
    whole += text;
  }

  void end() {
    on_element_(path_, texts_.back());
    texts_.pop_back();
    path_.resize(split_path(path_).folder.size());
  }

  static bool is_white(std::byte byte) noexcept {
    return std::string_view(" \t\r\n").find(static_cast<char>(byte)) != std::string_view::npos;
  }

  const std::string& what_;
  const OnElement& on_element_;
  std::unique_ptr<std::remove_pointer_t<XML_Parser>, FreeParser> parser_;
  std::string path_;
  std::vector<std::string> texts_; // of the elements that are open
  std::exception_ptr problem_;
  bool has_begun_ = false;
};

} // namespace

void read_xml(Source& source, const std::string& what, const OnElement& on_element) {
  XmlReader reader(what, on_element);
  std::array<std::byte, 16 * 1024> buffer{};
  for (;;) {
    const auto n = source.read(buffer);
    reader.feed(std::span(buffer).first(n), n == 0);
    if (n == 0) {
      return;
    }
  }
}

std::string xml_escape(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
    case '&':
      result += "&amp;";
      break;
    case '<':
      result += "&lt;";
      break;
    case '>':
      result += "&gt;";
      break;
    case '"':
      result += "&quot;";
      break;
    case '\'':
      result += "&apos;";
      break;
    case '\r': // or a parser would make a line feed of it
      result += "&#13;";
      break;
    default:
      result += c;
    }
  }
  return result;
}

} // namespace regctl::objects
