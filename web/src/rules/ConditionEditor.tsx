import { autocompletion, type CompletionContext, type CompletionResult, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching, HighlightStyle, StreamLanguage, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";
import { fetchCompletions } from "../api/client";
import { useSpeech } from "../i18n";
import { nonce } from "../ui/nonce";
import { type Content, type Problem, unitsAt } from "./milli";

const WORDS = /^(and|or|not|in|is|null|between|like|true|false)\b/i;

const language = StreamLanguage.define({
  token(stream) {
    if (stream.eatSpace()) return null;
    if (stream.match(/^'(?:[^']|'')*'?/)) return "string";
    if (stream.match(/^:\w+/)) return "atom";
    if (stream.match(/^\d+/)) return "number";
    if (stream.match(WORDS)) return "keyword";
    if (stream.match(/^[a-z_]+(?=\()/i)) return "macroName";
    if (stream.match(/^\w+/)) return "variableName";
    stream.next();
    return null;
  },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "#7a3d8f", fontWeight: "600" },
  { tag: tags.string, color: "#9a3d1c" },
  { tag: tags.atom, color: "#0f6b66", fontWeight: "600" },
  { tag: tags.number, color: "#1d5a94" },
  { tag: tags.macroName, color: "#6b5314" },
]);

const KINDS: Readonly<Record<string, string>> = {
  field: "variable",
  parameter: "constant",
  function: "function",
  class: "enum",
  word: "keyword",
};

interface Props {
  readonly label: string;
  /** What it begins with; the editor keeps its own text from then on. */
  readonly value: string;
  readonly occasion: Content["occasion"];
  readonly problems: readonly Problem[];
  readonly change: (text: string) => void;
}

/** Writes a condition: proposes what fits at the cursor, and underlines what is wrong where it stands. */
export default function ConditionEditor({ label, value, occasion, problems, change }: Props) {
  const { language: spoken } = useSpeech();
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  // What the editor asks for while it stays the same editor.
  const now = useRef({ occasion, change, spoken });
  now.current = { occasion, change, spoken };

  useEffect(() => {
    if (!place.current) return;
    const complete = async (context: CompletionContext): Promise<CompletionResult | null> => {
      const before = context.matchBefore(/:?[\w\u4e00-\u9fff]+|:|'\w*/);
      if (!before && !context.explicit) return null;
      const text = context.state.doc.toString();
      // Behind a text that is closed there is nothing to complete.
      if (before?.text === "'" && text.slice(0, context.pos).split("'").length % 2 === 1) return null;
      const cursor = [...text.slice(0, context.pos)].length;
      const found = await fetchCompletions(text, cursor, now.current.occasion);
      const first = found[0];
      if (!first) return null;
      return {
        from: unitsAt(text, first.start),
        options: found.map((one) => ({
          label: one.insert,
          type: KINDS[one.kind] ?? "text",
          detail: now.current.spoken === "zh" ? one.chinese : one.english,
        })),
        filter: false,
      };
    };
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({
        doc: value,
        extensions: [
          history(),
          bracketMatching(),
          language,
          syntaxHighlighting(colours),
          autocompletion({ override: [complete], activateOnTypingDelay: 150 }),
          keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]),
          EditorView.lineWrapping,
          EditorView.cspNonce.of(nonce),
          EditorView.contentAttributes.of({ "aria-label": label, "aria-multiline": "true", spellcheck: "false" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) now.current.change(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = made;
    return () => {
      view.current = null;
      made.destroy();
    };
    // Made anew only for another label: its text is its own.
  }, [label]);

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const text = editor.state.doc.toString();
    const shown = problems.map<Diagnostic>((one) => {
      const from = Math.min(unitsAt(text, one.start), text.length);
      const to = Math.min(Math.max(unitsAt(text, one.start + one.length), from + 1), text.length);
      return { from: Math.min(from, to), to, severity: "error", message: spoken === "zh" ? one.chinese : one.english };
    });
    editor.dispatch(setDiagnostics(editor.state, shown));
  }, [problems, spoken]);

  return <div ref={place} className="condition-editor" />;
}
