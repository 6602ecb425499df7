"""Frequent given names of many countries: what tells a column of names from a column of titles.

The rule: a share of a whole sample is counted, never one value: `Paris` and `Grace` are much else, too. The list is our own, of
names that statistical offices count among the most frequent of the last century; folded.
"""

from ringfence.detect.recognizer import listed

GIVEN = frozenset(
    listed(
        "mike, jon, tom, bob, jim, bill, dave, steve, chris, matt, dan, joe, ben, sam, alex, nick, tony, kate, liz, sue, "
        "beth, james, john, robert, michael, william, david, richard, joseph, thomas, charles, christopher, daniel, "
        "matthew, anthony, mark, donald, steven, paul, andrew, joshua, kenneth, kevin, brian, george, edward, ronald, "
        "timothy, jason, jeffrey, ryan, jacob, gary, nicholas, eric, jonathan, stephen, larry, justin, scott, brandon, "
        "benjamin, samuel, gregory, frank, alexander, raymond, patrick, jack, dennis, jerry, tyler, aaron, jose, adam, "
        "henry, nathan, douglas, zachary, peter, kyle, walter, ethan, jeremy, harold, keith, christian, roger, noah, "
        "gerald, carl, terry, sean, austin, arthur, lawrence, jesse, dylan, bryan, jordan, billy, bruce, albert, willie, "
        "gabriel, logan, alan, juan, wayne, roy, ralph, randy, eugene, vincent, russell, elijah, louis, bobby, philip, "
        "johnny, mary, patricia, jennifer, linda, elizabeth, barbara, susan, jessica, sarah, karen, lisa, nancy, betty, "
        "margaret, sandra, ashley, kimberly, emily, donna, michelle, carol, amanda, dorothy, melissa, deborah, stephanie, "
        "rebecca, sharon, laura, cynthia, kathleen, amy, angela, shirley, anna, brenda, pamela, emma, nicole, helen, "
        "samantha, katherine, christine, debra, rachel, carolyn, janet, catherine, maria, heather, diane, ruth, julie, "
        "olivia, joyce, virginia, victoria, kelly, lauren, christina, joan, evelyn, judith, megan, andrea, cheryl, "
        "hannah, jacqueline, martha, gloria, teresa, ann, sara, madison, frances, kathryn, janice, jean, abigail, alice, "
        "judy, sophia, grace, denise, amber, doris, marilyn, danielle, beverly, isabella, theresa, diana, natalie, "
        "brittany, charlotte, marie, kayla, alexis, lori, hans, wolfgang, klaus, jurgen, dieter, manfred, uwe, gunter, "
        "horst, bernd, helmut, werner, heinz, gerhard, stefan, andreas, markus, matthias, sebastian, tobias, florian, "
        "lukas, leon, finn, jonas, felix, maximilian, moritz, jan, tim, niklas, ursula, monika, petra, sabine, renate, "
        "helga, karin, brigitte, ingrid, erika, gisela, claudia, susanne, gabriele, christa, katrin, anja, nadine, "
        "stefanie, julia, lena, lea, leonie, hanna, greta, frieda, heike, silke, ute, antje, birgit, jutta, kerstin, "
        "pierre, michel, andre, philippe, rene, alain, jacques, bernard, marcel, claude, henri, georges, nicolas, "
        "francois, laurent, julien, olivier, guillaume, antoine, hugo, lucas, theo, mathis, camille, manon, chloe, "
        "jeanne, francoise, monique, nathalie, isabelle, sylvie, anne, sandrine, celine, aurelie, elodie, emilie, "
        "antonio, manuel, francisco, javier, carlos, jesus, alejandro, miguel, rafael, pedro, angel, pablo, sergio, "
        "fernando, luis, jorge, alberto, alvaro, diego, adrian, raul, enrique, ramon, vicente, ivan, ruben, carmen, "
        "josefa, isabel, dolores, pilar, ana, cristina, francisca, antonia, mercedes, elena, lucia, marta, rosario, "
        "raquel, beatriz, silvia, rocio, montserrat, sofia, giuseppe, giovanni, mario, luigi, vincenzo, salvatore, "
        "roberto, angelo, francesco, marco, paolo, luca, matteo, lorenzo, davide, simone, alessandro, giulia, chiara, "
        "francesca, alessia, martina, valentina, paola, giovanna, rosa, giuseppina, joao, paulo, tiago, rui, nuno, "
        "joaquim, fernanda, mariana, catarina, ines, gabriela, juliana, adriana, marcia, piotr, krzysztof, andrzej, "
        "tomasz, pawel, jozef, marcin, marek, michal, grzegorz, jerzy, tadeusz, lukasz, zbigniew, ryszard, katarzyna, "
        "malgorzata, agnieszka, krystyna, ewa, elzbieta, zofia, magdalena, joanna, janina, johannes, willem, cornelis, "
        "hendrik, pieter, gerrit, jeroen, bram, daan, sem, lars, sven, anouk, sanne, femke, lotte, fleur, erik, nils, "
        "karl, anders, johan, per, olof, mikael, gunnar, bjorn, astrid, kristina, birgitta, freja, sigrid, linnea, matti, "
        "juha, pekka, timo, antti, kari, mika, dmitri, sergei, alexei, vladimir, nikolai, mikhail, andrei, yuri, igor, "
        "oleg, boris, olga, natalia, tatiana, svetlana, irina, ekaterina, yelena, anastasia, ludmila, galina, nina, "
        "mohamed, mohammed, ahmed, ali, omar, hassan, hussein, mustafa, ibrahim, yusuf, khalid, fatima, aisha, khadija, "
        "zainab, maryam, layla, mehmet, murat, emre, ayse, fatma, wei, li, ming, jun, hui, xin, yan, ling, mei, hong, "
        "yuki, hiroshi, takashi, kenji, akira, sakura, haruto, yui, aoi, satoshi, naoko, keiko, raj, rahul, amit, sanjay, "
        "anil, sunil, vijay, priya, anita, sunita, deepa, pooja, neha, arjun, rohan, kiran, ravi, lakshmi, nguyen, minh, "
        "kwame, kofi, amina, chidi, ngozi, oluwaseun, thabo, sipho, nia, abebe, moses, esther"
    )
)
