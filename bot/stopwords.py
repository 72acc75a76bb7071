"""Words that say nothing about what an article is about, and words that are common in all news.

:data:`STOPWORDS` are function words and the verbs of reporting, in the languages that the shipped sources use, in the
form that :func:`bot.text.phrase` gives them. Words that mean something in another of these languages are left out
("die", "war"); the stream shows soon enough how common they are. :data:`PRIOR` gives words of English-language news
with the part of all articles in which they are expected, so that the first hour of a new bot is not misled by them;
what the stream shows soon outweighs it.
"""

from __future__ import annotations

_ENGLISH = """
a about above after again against all almost along already also although always am among an and another any anyone
anything are aren't around as at away back be became because become been before began behind being below between both
but by came can can't cannot come could couldn't did didn't do does doesn't doing don't done down during each either
else enough even ever every few first for from further get gets getting give given go goes going gone got had hadn't
has hasn't have haven't having he he'd he'll he's her here hers herself him himself his how however i i'd i'll i'm i've
if in including indeed instead into is isn't it it's its itself just last later least less let like likely made make
makes making many may me might more most mostly much must my myself near nearly need neither never next no nor not
nothing now of off often on once one only onto or other others our ours out over own part per perhaps put quite rather
really s same say saying says see seem seemed seems several shall she she's should shouldn't since so some something
soon still such t take taken takes taking tell than that that's the their theirs them themselves then there there's
these they they're they've thing things this those though through thus to together told too took toward towards two
under until up upon us use used using very via was wasn't way we we'll we're we've well went were weren't what when
where whether which while who whole whom whose why will with within without won't would wouldn't yes yet you you're
your yours yourself
said saying says told according added asked called announced reported reportedly statement spokesman spokesperson
spokeswoman mr mrs ms dr monday tuesday wednesday thursday friday saturday sunday today yesterday tomorrow
read click image photo video file follow subscribe newsletter
"""
_OTHER = """
der das den dem des ein eine einen einem einer eines und oder aber nicht auch auf aus bei bis durch fur gegen hat haben
ist im ins mit nach nur noch sein seine seiner sich sie sind uber um und unter vom von vor wegen werden wie wird wurde
wurden zu zum zur zwischen dass als wenn ich er es wir ihr kann mehr einem sei habe hatte diese dieser dieses
le la les l un une du des de d et ou mais ne pas que qu qui dans sur sous avec pour par sans est sont a ete etre avoir
ont ce cette ces son sa ses leur leurs il elle ils elles nous vous se s au aux en plus apres avant entre aussi comme
el los las una unos unas y o pero no del al con por para sin sobre entre como mas su sus este esta estos estas ese esa
fue ser es son han ha lo le les ya muy desde hasta cuando donde tambien
il lo gli uno una degli delle della dello dei nel nella nei nelle sul sulla con per tra fra che chi non piu sono era
stato stata anche come dopo prima ma ed da di
os as um uma uns umas do da dos das no na nos nas ao aos pelo pela com por para sem mas mais nao foi sao esta estao
ser ter tem que se seu sua seus suas como tambem apos ate ja
het een van en in op te dat die niet zijn met voor aan er om ook naar bij uit maar als dan nog wel werd wordt over door
och att det som en ett pa av for med den har inte om till var fran vid han hon men vi kan ska efter
og at det der er en et til af for med ikke som har de var blev fra ved kan skal efter om han hun
w z na i do sie nie jest to ze o za po od przez dla jak ale oraz byl byla co tym tego ktory ktora
a v na se je ze s z do o k po pro od jako ale si sa by ktory ktera ktore vo ako su zo
bir ve bu da de icin ile olarak cok daha gibi olan kadar sonra ancak ne var
dan yang di ke dari untuk dengan pada ini itu adalah akan tidak oleh juga dalam telah
и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее мне было вот от меня еще нет о
из ему теперь когда даже ну вдруг ли если уже или ни быть был него до вас нибудь опять уж вам ведь там потом себя ничего
ей может они тут где есть надо ней для мы тебя их чем была сам чтоб без будто чего раз тоже себе под будет ж тогда кто
этот того потому этого какой совсем ним здесь этом один почти мой тем чтобы нее были после при об это также который
которые которая
і й та у з що не на до як це за від про для але або вже його її їх він вона вони ми ви був була було були також який
яка які бо чи ще під час після при через
από και το τα της του των την τον τη τις στο στη στην στον στα για με που ότι ως δεν θα να είναι ή αλλά μια ένα ένας
في من على إلى الى أن ان التي الذي عن مع هذا هذه ما لا كان كانت بعد قبل قد كما بين خلال حيث لم لن هو هي أو ثم كل غير
در و به از که این را با است برای آن یک تا بر خود شد شده می هم نیز اما یا پس هر
کے کی کا میں ہے سے کو اور نے پر کہ اس یہ ہیں بھی تھا تھی ان گیا ایک ہو کر وہ تو جو تھے لیے بعد
של את על לא הוא היא זה כי עם גם או אל מה יש אם אבל כל היה בין לפי
"""
STOPWORDS = frozenset(f"{_ENGLISH} {_OTHER}".split())

# The part of English-language news articles that has the word; rounded, from reading news.
_SHARES: dict[float, str] = {
    0.25: "year people government new time country president state",
    0.12: """day week month world national officials official group million minister public police leader leaders
        political report support power made number home city three four five long high early help work plan
        week weeks months days years house law security right man men woman women party news""",
    0.05: """war military court case election vote economic economy attack attacks killed death dead trade deal
        international foreign media health school company business market money children family life member members
        change decision move issue issues end start called set following percent billion capital region
        american america chinese china russia russian us uk united states european europe british india indian
        washington london trump biden prime white department force forces agency local federal press conference talks
        january february march april june july august september october november december
        head top major key big small old young six seven eight nine ten half second third former current
        fire video social post show team food water south north west east area street road""",
}
PRIOR: dict[str, float] = {word: share for share, words in reversed(_SHARES.items()) for word in words.split()}
