import { coded } from "../glossary/terms";
import { useSpeech } from "../i18n";
import { Term } from "./Term";

interface Props {
  /** Where the words of the code stand. */
  readonly list: string;
  readonly code: string;
}

/** What a code is called; where the glossary has it, with its explanation. */
export function Coded({ list, code }: Props) {
  const { name } = useSpeech();
  const words = name(list, code);
  const term = coded(list, code);
  return term ? <Term name={term}>{words}</Term> : <>{words}</>;
}
