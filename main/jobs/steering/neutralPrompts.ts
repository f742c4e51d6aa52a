// Prompts that have nothing to do with any episode: what steering does to them it does beside its purpose.
// Owns: the prompts. Not: asking the model (sweepScores.ts). A prompt that is changed is another one: what was scored of it is asked again.

export const neutralPrompts: readonly string[] = [
  'What is the capital of Portugal?',
  'Give me a recipe for pancakes.',
  'Translate “good morning” into French.',
  'How many days does a leap year have?',
  'Write a haiku about autumn.',
  'Why is the sky blue?',
  'Recommend a book about the sea.',
  'What is 17 plus 25?',
  'Explain what a rainbow is to a child.',
  'Name three rivers in Africa.',
  'How do I remove a coffee stain from a shirt?',
  'Who wrote the play “Hamlet”?',
  'Tell me a joke about a bicycle.',
  'What should I pack for a week in the mountains?',
  'Summarise the water cycle in two sentences.',
  'Write an email that thanks a neighbour for watering the plants.',
  'Which instruments are in a string quartet?',
  'How long should I boil an egg?',
  'Suggest a name for a small bakery.',
  'What does the word “serendipity” mean?',
]
