/** What the pointer is over, where, and how large the picture is. */
export interface Pointed {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** What can be done with a picture, whichever way it is drawn. */
export interface Picture {
  readonly zoom: (inwards: boolean) => void;
  readonly fit: () => void;
  readonly show: (id: string) => void;
  /** The whole picture as a data address; null while there is none. */
  readonly image: () => Promise<string | null>;
}

interface Sheet {
  readonly title: string;
  readonly lines: readonly string[];
  readonly legend: readonly { readonly colour: string; readonly letter: string; readonly word: string }[];
  readonly font: string;
}

const MARGIN = 32;

function loaded(address: string): Promise<HTMLImageElement> {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = () => reject(new Error("the picture cannot be read"));
    image.src = address;
  });
}

/** Puts title, facts, picture and legend on a white sheet and hands it to the reader as a PNG file. */
export async function savePicture(address: string, fileName: string, sheet: Sheet): Promise<void> {
  const image = await loaded(address);
  const scale = window.devicePixelRatio || 1;
  const width = Math.max(image.width / scale + 2 * MARGIN, 900);
  const top = MARGIN + 34 + sheet.lines.length * 22 + 18;
  const legendRows = Math.ceil(sheet.legend.length / Math.max(1, Math.floor((width - 2 * MARGIN) / 150)));
  const height = top + image.height / scale + 28 + legendRows * 28 + MARGIN;
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("the browser draws no pictures");
  pen.scale(scale, scale);
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, width, height);
  pen.textBaseline = "middle";
  pen.fillStyle = "#1b2526";
  pen.font = `600 20px ${sheet.font}`;
  pen.fillText(sheet.title, MARGIN, MARGIN + 12);
  pen.font = `13px ${sheet.font}`;
  pen.fillStyle = "#4a5658";
  sheet.lines.forEach((line, row) => pen.fillText(line, MARGIN, MARGIN + 44 + row * 22));
  pen.drawImage(image, MARGIN, top, image.width / scale, image.height / scale);
  let x = MARGIN;
  let y = top + image.height / scale + 36;
  for (const { colour, letter, word } of sheet.legend) {
    if (x + 150 > width - MARGIN && x > MARGIN) {
      x = MARGIN;
      y += 28;
    }
    pen.fillStyle = colour;
    pen.fillRect(x, y - 9, 18, 18);
    pen.fillStyle = "#ffffff";
    pen.font = `600 11px ${sheet.font}`;
    pen.textAlign = "center";
    pen.fillText(letter, x + 9, y + 1);
    pen.textAlign = "left";
    pen.fillStyle = "#1b2526";
    pen.font = `13px ${sheet.font}`;
    pen.fillText(word, x + 25, y + 1);
    x += 150;
  }
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (!blob) throw new Error("the browser gave no picture");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = fileName;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
